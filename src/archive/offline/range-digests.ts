import { createHash } from 'node:crypto';

export interface RangeDigest {
  readonly rows: number;
  /** Of its lines. */
  readonly sha256: string;
}

const newline = 10;

/** Digests lines as a whole and range by range, given how many lines each range has. */
export class RangeDigests {
  readonly #whole = createHash('sha256');
  readonly #sizes: readonly number[];
  readonly #ranges: RangeDigest[] = [];
  #range = createHash('sha256');
  #rangeRows = 0;
  #rows = 0;

  /** @param sizes lines of each range; what comes after them makes one more */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
  }

  /** @param chunk whole lines */
  add(chunk: Uint8Array): void {
    this.#whole.update(chunk);
    let start = 0;
    for (let end = chunk.indexOf(newline) + 1; end > 0; end = chunk.indexOf(newline, end) + 1) {
      this.#rows++;
      this.#rangeRows++;
      if (this.#rangeRows !== this.#sizes[this.#ranges.length]) continue;
      this.#range.update(chunk.subarray(start, end));
      this.#close();
      start = end;
    }
    this.#range.update(chunk.subarray(start));
  }

  /** After the last line; once. */
  finish(): { readonly rows: number; readonly digest: string; readonly ranges: readonly RangeDigest[] } {
    if (this.#rangeRows > 0) this.#close();
    return { rows: this.#rows, digest: this.#whole.digest('hex'), ranges: this.#ranges };
  }

  #close(): void {
    this.#ranges.push({ rows: this.#rangeRows, sha256: this.#range.digest('hex') });
    this.#range = createHash('sha256');
    this.#rangeRows = 0;
  }
}
