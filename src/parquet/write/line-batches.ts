import { AppError } from '../../errors.ts';
import { maxLineBytes } from './limits.ts';

const tab = 9;
const newline = 10;

/** Rows that are split before their columns are looked at: their text stays in the processor's cache. */
const maxBatchRows = 1024;

/** Cells of a batch, which bounds it for tables of very many columns. */
const maxBatchCells = 262_144;

/** Some rows' fields: field k of the batch (row by row) is `bytes[ends[k] + 1, ends[k + 1])`. */
export interface FieldBatch {
  readonly bytes: Uint8Array;
  readonly ends: Int32Array;
  readonly rowCount: number;
  readonly columnCount: number;
  /** Bytes of the lines. */
  readonly textBytes: number;
}

/** What still fits the row group. */
export interface GroupRoom {
  readonly rows: number;
  readonly bytes: number;
  /** A row group takes its first row however long it is. */
  readonly isEmpty: boolean;
}

/** Splits COPY text into lines and fields: a tab or newline within a value is escaped there, so each one found is a border. */
export class LineBatches {
  readonly #columnCount: number;
  readonly #maxRows: number;
  readonly #ends: Int32Array;
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;
  /** Lines so far, for messages. */
  #rowsBefore = 0;

  constructor(columnCount: number) {
    this.#columnCount = columnCount;
    this.#maxRows = Math.max(1, Math.min(maxBatchRows, Math.floor(maxBatchCells / columnCount)));
    this.#ends = new Int32Array(this.#maxRows * columnCount + 1);
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** The next chunk of whole lines. @throws AppError BAD_INPUT when it does not end with a line */
  open(lines: Uint8Array): void {
    if (lines.at(-1) !== newline) throw new AppError('BAD_INPUT', 'a chunk of COPY text does not end at a line end');
    this.#bytes = lines;
    this.#position = 0;
  }

  /**
   * The next rows, as far as they fit; none when the row group is full. Good until the next call.
   * @throws AppError BAD_INPUT for a line with another number of fields, ROW_TOO_LONG
   */
  next(room: GroupRoom): FieldBatch {
    const bytes = this.#bytes;
    const ends = this.#ends;
    const columnCount = this.#columnCount;
    const start = this.#position;
    const maxRows = Math.min(this.#maxRows, room.rows);
    let rowCount = 0;
    let fields = 0;
    let lineStart = start;
    ends[0] = start - 1;
    for (let at = start; rowCount < maxRows && at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte > newline || byte < tab) continue;
      ends[++fields] = at;
      if (byte === tab) continue;
      const end = at + 1;
      if (fields !== (rowCount + 1) * columnCount) throw this.#wrongFields(rowCount, fields - rowCount * columnCount);
      if (end - lineStart > maxLineBytes) throw this.#tooLong(rowCount, end - lineStart);
      if (end - start > room.bytes && !(room.isEmpty && rowCount === 0)) break;
      rowCount++;
      lineStart = end;
    }
    this.#position = lineStart;
    this.#rowsBefore += rowCount;
    return { bytes, ends, rowCount, columnCount, textBytes: lineStart - start };
  }

  #wrongFields(row: number, fields: number): AppError {
    const where = `row ${this.#rowsBefore + row + 1}`;
    return new AppError('BAD_INPUT', `${where} of COPY text has ${fields} fields for ${this.#columnCount} columns`);
  }

  #tooLong(row: number, bytes: number): AppError {
    const where = `row ${this.#rowsBefore + row + 1}`;
    return new AppError('ROW_TOO_LONG', `${where} is a line of ${bytes} bytes, more than ${maxLineBytes}`);
  }
}
