import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { AppError, isAppError } from '../../../errors.ts';
import type { DecodeLimits } from '../limits.ts';
import type { Chunks } from './chunks.ts';
import { RecordScanner } from './record-scanner.ts';

export interface CsvHeader {
  /** Exactly as written: some may be empty, equal, or hold anything at all. None: the text is empty. */
  readonly columns: readonly string[];
  /** Physical line and byte at which the rows begin, which is where the chunks are now. */
  readonly rowsLine: number;
  readonly rowsByte: number;
}

const emptyText: CsvHeader = { columns: [], rowsLine: 1, rowsByte: 0 };

const utf8Mark = [0xef, 0xbb, 0xbf];
const utf16Marks = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

/**
 * Reads the header record off the front of a CSV text and leaves the chunks at the first row. A byte order mark is
 * dropped. A header that ends with the text, without a line end, is one without rows.
 * @throws AppError HEADER_INVALID, TEXT_INVALID
 */
export async function readHeader(
  name: string,
  chunks: Chunks,
  limits: Pick<DecodeLimits, 'maxHeaderBytes' | 'maxColumns'>,
): Promise<CsvHeader> {
  const markBytes = await dropMark(name, chunks);
  const record = await readRecord(name, chunks, markBytes, limits.maxHeaderBytes);
  if (record === undefined) return emptyText;
  if (!isUtf8(record.bytes)) throw new AppError('TEXT_INVALID', `${name}, line 1: the header is no valid UTF-8`);
  if (record.bytes.length === 0) throw invalid(name, 'the first line, which should be the header, is blank');
  const columns = parseRecord(name, record.bytes);
  if (columns.length > limits.maxColumns) {
    throw invalid(name, `the header names ${columns.length} columns; at most ${limits.maxColumns} are read`);
  }
  return { columns, rowsLine: record.nextLine, rowsByte: record.nextByte };
}

async function dropMark(name: string, chunks: Chunks): Promise<number> {
  const head = await chunks.peek(utf8Mark.length);
  if (utf16Marks.some((mark) => startsWith(head, mark))) {
    throw new AppError('TEXT_INVALID', `${name}: the text is UTF-16; export it as UTF-8`);
  }
  if (!startsWith(head, utf8Mark)) return 0;
  const { value } = await chunks.next();
  chunks.putBack(value?.subarray(utf8Mark.length) ?? head);
  return utf8Mark.length;
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, i) => bytes[i] === byte);
}

interface HeaderRecord {
  readonly bytes: Buffer;
  readonly nextLine: number;
  readonly nextByte: number;
}

async function readRecord(
  name: string,
  chunks: Chunks,
  firstByte: number,
  maxBytes: number,
): Promise<HeaderRecord | undefined> {
  const scanner = new RecordScanner({ name, line: 1, byte: firstByte });
  const pieces: Uint8Array[] = [];
  let length = 0;
  let nextByte = firstByte;
  let ended = false;
  while (!ended) {
    const { done, value: chunk } = await chunks.next();
    if (done) break;
    ended = asHeaderError(() => scanner.scan(chunk, 0));
    length += scanner.contentEnd;
    if (length > maxBytes) throw invalid(name, `the header is longer than ${maxBytes} bytes`);
    pieces.push(chunk.subarray(0, scanner.contentEnd));
    nextByte += scanner.next;
    chunks.putBack(chunk.subarray(scanner.next));
  }
  if (!ended && pieces.length === 0) return undefined;
  if (!ended) asHeaderError(() => scanner.finish());
  return { bytes: Buffer.concat(pieces), nextLine: scanner.line, nextByte };
}

function parseRecord(name: string, record: Buffer): readonly string[] {
  try {
    const [columns] = parse(record, { record_delimiter: ['\r\n', '\n'], max_record_size: 0 });
    if (columns !== undefined) return columns;
  } catch (error) {
    throw new AppError('HEADER_INVALID', `${name}, line 1: ${String(error)}`, { cause: error });
  }
  throw invalid(name, 'no header');
}

/** What makes a record invalid makes this one an invalid header. */
function asHeaderError<T>(scan: () => T): T {
  try {
    return scan();
  } catch (error) {
    if (!isAppError(error, 'CSV_INVALID')) throw error;
    throw new AppError('HEADER_INVALID', `${error.message} (in the header)`, { cause: error });
  }
}

function invalid(name: string, text: string): AppError {
  return new AppError('HEADER_INVALID', `${name}, line 1: ${text}`);
}
