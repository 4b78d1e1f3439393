import { AppError } from '../../../errors.ts';
import { throwIfCancelled } from '../cancel.ts';
import { type DecodeLimits, defaultLimits } from '../limits.ts';
import { Chunks } from './chunks.ts';
import { describeDifference, sameColumns } from './columns.ts';
import { type CsvHeader, readHeader } from './header.ts';
import type { CsvPart } from './part.ts';
import type { RowPlace } from './row-places.ts';
import { RowNumberer } from './rows.ts';

export interface DecodeOptions {
  readonly limits?: Partial<DecodeLimits>;
  /** Looked at between chunks; the source must heed it by itself while it waits. */
  readonly signal?: AbortSignal;
}

/** A CSV file of which the header was read. Whoever doesn't iterate its rows to the end must `close` it. */
export interface CsvFile {
  /** Exactly as written. None: the file is empty, and so are its rows. */
  readonly columns: readonly string[];
  /**
   * The input of `COPY (_row, …columns) … (format csv)`: records as in the file, each behind its row number and a comma.
   * To be iterated once.
   * @throws AppError CSV_INVALID, TEXT_INVALID, ROW_TOO_LONG, ZIP_INVALID, CANCELLED, and whatever the source throws
   */
  rows(): AsyncGenerator<Buffer, void>;
  /** Rows passed on so far. */
  rowCount(): number;
  /** Where a row of the last few megabytes stands in the file. */
  placeOf(row: number): RowPlace | undefined;
  close(): Promise<void>;
}

/**
 * Decodes one CSV file, given as one text or, out of a zip, several with equal headers, of which it is the rows one
 * after the other. Memory: one chunk of the source and one output buffer.
 * @throws AppError HEADER_INVALID, TEXT_INVALID, and whatever the source throws
 */
export async function decodeCsv(
  parts: Iterable<CsvPart> | AsyncIterable<CsvPart>,
  options: DecodeOptions = {},
): Promise<CsvFile> {
  const reading = new CsvReading(parts, options);
  try {
    await reading.open();
  } catch (error) {
    await reading.close();
    throw error;
  }
  return reading;
}

interface OpenPart {
  readonly name: string;
  readonly chunks: Chunks;
  readonly header: CsvHeader;
}

class CsvReading implements CsvFile {
  readonly #parts: AsyncIterator<CsvPart>;
  readonly #limits: DecodeLimits;
  readonly #signal: AbortSignal | undefined;
  #part: OpenPart | undefined;
  #numberer: RowNumberer;
  columns: readonly string[] = [];

  constructor(parts: Iterable<CsvPart> | AsyncIterable<CsvPart>, options: DecodeOptions) {
    this.#parts = each(parts);
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#signal = options.signal;
    this.#numberer = new RowNumberer({ columns: 0, maxRowBytes: this.#limits.maxRowBytes });
  }

  async open(): Promise<void> {
    this.#part = await this.#nextPart();
    this.columns = this.#part?.header.columns ?? [];
    this.#numberer = new RowNumberer({ columns: this.columns.length, maxRowBytes: this.#limits.maxRowBytes });
  }

  async *rows(): AsyncGenerator<Buffer, void> {
    try {
      for (; this.#part !== undefined; this.#part = await this.#nextPart()) {
        const { name, chunks, header } = this.#part;
        checkSameColumns(name, this.columns, header.columns);
        const start = { name, line: header.rowsLine, byte: header.rowsByte };
        for await (const buffer of this.#numberer.number(chunks, start)) {
          throwIfCancelled(this.#signal);
          yield buffer;
        }
      }
      yield* this.#numberer.finish();
    } finally {
      await this.close();
    }
  }

  rowCount(): number {
    return this.#numberer.rowCount;
  }

  placeOf(row: number): RowPlace | undefined {
    return this.#numberer.places.of(row);
  }

  async close(): Promise<void> {
    const part = this.#part;
    this.#part = undefined;
    await part?.chunks.return();
    await this.#parts.return?.();
  }

  /** The next part that isn't empty, with its header read; undefined after the last. */
  async #nextPart(): Promise<OpenPart | undefined> {
    for (;;) {
      throwIfCancelled(this.#signal);
      const { done, value: part } = await this.#parts.next();
      if (done) return undefined;
      const chunks = new Chunks(part.bytes);
      try {
        const header = await readHeader(part.name, chunks, this.#limits);
        if (header.columns.length > 0) return { name: part.name, chunks, header };
      } catch (error) {
        await chunks.return();
        throw error;
      }
    }
  }
}

async function* each(parts: Iterable<CsvPart> | AsyncIterable<CsvPart>): AsyncGenerator<CsvPart, undefined> {
  yield* parts;
  return undefined;
}

function checkSameColumns(name: string, expected: readonly string[], columns: readonly string[]): void {
  if (sameColumns(expected, columns)) return;
  const text = `its header differs from that of the entries before: ${describeDifference(expected, columns)}`;
  throw new AppError('ZIP_INVALID', `${name}: ${text}`);
}
