import { AppError } from '../../../errors.ts';
import type { Chunks } from './chunks.ts';
import { RecordScanner, type ScannerStart } from './record-scanner.ts';
import { RowBuffer } from './row-buffer.ts';
import { RowPlaces } from './row-places.ts';
import { Utf8Check } from './utf8-check.ts';

export interface RowOptions {
  /** How many columns the header names; with one, a blank line is a row whose only cell is null. */
  readonly columns: number;
  readonly maxRowBytes: number;
}

const LF = 10;

/**
 * Numbers the records of one or several CSV texts: each comes out as its row number, a comma, its bytes as they were and
 * a line feed: the input of `COPY … (format csv)` into `_row` and the columns of the header. Nothing is parsed, and at
 * most one output buffer is held; quotes, nulls and embedded line ends stay what they were, byte by byte.
 */
export class RowNumberer {
  readonly #options: RowOptions;
  readonly #buffer = new RowBuffer();
  readonly places = new RowPlaces();
  #row = 0;
  /** Bytes of the record being read. */
  #recordBytes = 0;

  constructor(options: RowOptions) {
    this.#options = options;
  }

  get rowCount(): number {
    return this.#row;
  }

  /**
   * The rows of one text, whose header was taken off before.
   * @throws AppError CSV_INVALID, TEXT_INVALID, ROW_TOO_LONG, with line and byte
   */
  async *number(chunks: Chunks, start: ScannerStart): AsyncGenerator<Buffer, void> {
    const scanner = new RecordScanner(start);
    const text = new Utf8Check();
    for await (const chunk of chunks) {
      const invalid = text.push(chunk);
      if (invalid !== undefined) throw invalidText(start.name, scanner, chunk, invalid);
      this.#scanChunk(scanner, chunk, start.name);
      giveBack(chunk);
      yield* this.#buffer.takeFull();
    }
    scanner.finish();
    if (text.finish() > 0) throw invalidText(start.name, scanner, new Uint8Array(0), -text.finish());
    // the last record may lack its line end
    if (this.#recordBytes > 0) this.#endRow();
  }

  /** What is left when the last text was numbered. */
  finish(): readonly Buffer[] {
    return this.#buffer.takeRest();
  }

  #scanChunk(scanner: RecordScanner, chunk: Uint8Array, name: string): void {
    for (let from = 0; from < chunk.length; from = scanner.next) {
      const line = scanner.recordLine;
      const ended = scanner.scan(chunk, from);
      const bytes = scanner.contentEnd - from;
      if (bytes > 0) {
        if (this.#recordBytes === 0) this.#beginRow(name, line);
        this.#recordBytes += bytes;
        if (this.#recordBytes > this.#options.maxRowBytes) throw this.#tooLong(name, line);
        this.#buffer.append(chunk, from, scanner.contentEnd);
      }
      if (!ended) continue;
      const blank = this.#recordBytes === 0;
      if (blank && this.#options.columns === 1) this.#beginRow(name, line);
      if (!blank || this.#options.columns === 1) this.#endRow();
    }
  }

  #beginRow(name: string, line: number): void {
    this.#row++;
    this.places.add(this.#row, name, line);
    this.#buffer.beginRow(this.#row);
  }

  #endRow(): void {
    this.#buffer.endRow();
    this.#recordBytes = 0;
  }

  #tooLong(name: string, line: number): AppError {
    const text = `the row that begins here is longer than ${this.#options.maxRowBytes} bytes`;
    return new AppError('ROW_TOO_LONG', `${name}, line ${line}: ${text}`);
  }
}

/** Smaller buffers may be parts of Node's shared pool, and are not worth the trouble. */
const minGivenBackBytes = 64 * 1024;

/**
 * Gives a scanned chunk's memory back now: expanded bytes come so fast that the collector would take as much time as the
 * scanning. A chunk that ends where its memory ends is the last one in it, for chunks come in order; others wait for it.
 */
function giveBack({ buffer, byteOffset, length }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < minGivenBackBytes) return;
  if (byteOffset + length < buffer.byteLength) return;
  try {
    buffer.transfer(0);
  } catch {
    // Memory that Node does not let go of (nothing says so beforehand) waits for the collector.
  }
}

function invalidText(name: string, scanner: RecordScanner, chunk: Uint8Array, at: number): AppError {
  let { line } = scanner;
  for (const byte of chunk.subarray(0, Math.max(at, 0))) if (byte === LF) line++;
  return new AppError('TEXT_INVALID', `${name}, line ${line}, byte ${scanner.byte + at}: no valid UTF-8`);
}
