import { AppError } from '../errors.ts';
import { type Cells, nullLength } from './column-reader.ts';

const tab = 9;
const newline = 10;
const backslash = 92;
const capitalN = 78;

/** Below this many bytes a loop is faster than a call into the engine's copy. */
const loopBytes = 24;

/** Bytes of one chunk that is handed on: worth a message between threads, small against the memory bar. */
export const chunkBytes = 512 * 1024;

export interface CopyLinesOptions {
  readonly maxRows: number;
  readonly maxRowBytes: number;
  /** Whether each line begins with its row's number. */
  readonly isNumbered: boolean;
  /** Takes a full chunk: the first `length` bytes of a buffer that is not used again. */
  readonly emit: (buffer: ArrayBuffer, length: number) => void;
}

/**
 * Joins the columns' texts to lines of COPY's text format: (row number, tab,) field, tab, field … newline. All lengths are
 * known before the first byte is written, so each line's place is too, and every column is written down the rows in one
 * tight loop.
 */
export class CopyLines {
  readonly #options: CopyLinesOptions;
  readonly #lineBytes: Float64Array;
  readonly #positions: Int32Array;
  #chunk = new Uint8Array(0);
  #used = 0;
  #rowNumber = 1;
  #columns: readonly Cells[] = [];
  #next = 0;
  #count = 0;

  constructor(options: CopyLinesOptions) {
    this.#options = options;
    this.#lineBytes = new Float64Array(options.maxRows);
    this.#positions = new Int32Array(options.maxRows);
  }

  /** Takes a batch of `count` rows and answers its bytes; nothing is written yet. @throws AppError ROW_TOO_LONG */
  begin(columns: readonly Cells[], count: number): number {
    this.#columns = columns;
    this.#next = 0;
    this.#count = count;
    return this.#measure(columns, count);
  }

  /** Writes the batch's next rows, about a chunk of them. False when none is left. */
  writeSome(): boolean {
    const from = this.#next;
    if (from === this.#count) return false;
    let bytes = this.#lineBytes[from] as number;
    let to = from + 1;
    for (; to < this.#count; to++) {
      const next = this.#lineBytes[to] as number;
      if (bytes + next > chunkBytes) break;
      bytes += next;
    }
    this.#writeRows({ from, to, bytes });
    this.#next = to;
    return to < this.#count;
  }

  /** Hands on what is left. */
  flush(): void {
    if (this.#used > 0) this.#options.emit(this.#chunk.buffer as ArrayBuffer, this.#used);
    this.#chunk = new Uint8Array(0);
    this.#used = 0;
  }

  #measure(columns: readonly Cells[], count: number): number {
    const lineBytes = this.#lineBytes;
    // a border behind every field, of which the number is one
    if (this.#options.isNumbered) {
      for (let i = 0; i < count; i++) lineBytes[i] = digitsOf(this.#rowNumber + i) + 1 + columns.length;
    } else {
      lineBytes.fill(Math.max(1, columns.length), 0, count);
    }
    for (const { lengths } of columns) {
      for (let i = 0; i < count; i++) {
        const length = lengths[i] as number;
        (lineBytes[i] as number) += length === nullLength ? 2 : length;
      }
    }
    let total = 0;
    for (let i = 0; i < count; i++) {
      const bytes = lineBytes[i] as number;
      total += bytes;
      if (bytes <= this.#options.maxRowBytes) continue;
      throw new AppError('ROW_TOO_LONG', `row ${this.#rowNumber + i} is a line of ${bytes} bytes`);
    }
    return total;
  }

  #writeRows(rows: { readonly from: number; readonly to: number; readonly bytes: number }): void {
    if (this.#used + rows.bytes > this.#chunk.length) {
      this.flush();
      this.#chunk = new Uint8Array(Math.max(chunkBytes, rows.bytes));
    }
    const out = this.#chunk;
    const positions = this.#positions;
    let lineStart = this.#used;
    const { isNumbered } = this.#options;
    for (let i = rows.from; i < rows.to; i++) {
      positions[i] = isNumbered ? writeDigits(out, lineStart, this.#rowNumber) : lineStart;
      this.#rowNumber++;
      lineStart += this.#lineBytes[i] as number;
    }
    for (const [index, cells] of this.#columns.entries()) {
      writeColumn(cells, { ...rows, hasTab: isNumbered || index > 0 }, out, positions);
    }
    for (let i = rows.from; i < rows.to; i++) out[positions[i] as number] = newline;
    this.#used += rows.bytes;
  }
}

function writeColumn(
  { bytes, starts, lengths }: Cells,
  { from, to, hasTab }: { readonly from: number; readonly to: number; readonly hasTab: boolean },
  out: Uint8Array,
  positions: Int32Array,
): void {
  for (let i = from; i < to; i++) {
    let at = positions[i] as number;
    if (hasTab) out[at++] = tab;
    const length = lengths[i] as number;
    if (length < 0) {
      out[at++] = backslash;
      out[at++] = capitalN;
    } else {
      const start = starts[i] as number;
      if (length > loopBytes) {
        out.set(bytes.subarray(start, start + length), at);
        at += length;
      } else {
        for (let from = start, end = start + length; from < end; ) out[at++] = bytes[from++] as number;
      }
    }
    positions[i] = at;
  }
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; bound <= value; bound *= 10) digits++;
  return digits;
}

/** Answers the position behind them. */
function writeDigits(out: Uint8Array, at: number, value: number): number {
  const end = at + digitsOf(value);
  let rest = value | 0;
  for (let i = end - 1; i >= at; i--) {
    const quotient = (rest / 10) | 0;
    out[i] = 48 + rest - quotient * 10;
    rest = quotient;
  }
  return end;
}
