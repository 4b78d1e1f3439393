import { hash } from 'node:crypto';
import { AppError } from '../../errors.ts';

/** A row that is in one set and not in another, with how often. */
export interface CountedRow {
  readonly rowSha256: string;
  readonly count: number;
}

/** Ranges are some ten thousand rows; one that cannot be cut (a million rows of one instant) is the exception. */
const maxRows = 1_000_000;
const newline = 10;

/** SHA-256 of one canonical line, its newline included. */
export function rowDigest(line: Uint8Array): string {
  return hash('sha256', line, 'hex');
}

/** Rows by their digests, each with how often it is there. Order does not matter. */
export class RowSet {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** @throws AppError ROWS_CHANGED beyond what is held in memory */
  add(rowSha256: string, count = 1): void {
    this.#counts.set(rowSha256, (this.#counts.get(rowSha256) ?? 0) + count);
    this.#total += count;
    if (this.#counts.size > maxRows) {
      throw new AppError(
        'ROWS_CHANGED',
        `more than ${maxRows} rows of one range differ from what is archived: they cannot be compared one by one`,
      );
    }
  }

  /** Every line of a chunk of whole lines. */
  addLines(chunk: Buffer): void {
    for (const line of linesOf(chunk)) this.add(rowDigest(line));
  }

  /** Takes one out. @returns false when there was none */
  take(rowSha256: string): boolean {
    const count = this.#counts.get(rowSha256) ?? 0;
    if (count === 0) return false;
    if (count === 1) this.#counts.delete(rowSha256);
    else this.#counts.set(rowSha256, count - 1);
    this.#total--;
    return true;
  }

  /** Takes out as many as are there, up to `count`. @returns how many these were */
  remove({ rowSha256, count }: CountedRow): number {
    let taken = 0;
    while (taken < count && this.take(rowSha256)) taken++;
    return taken;
  }

  has(rowSha256: string): boolean {
    return this.#counts.has(rowSha256);
  }

  get size(): number {
    return this.#counts.size;
  }

  /** Each as often as it is there. */
  get total(): number {
    return this.#total;
  }

  /** What is left, by digest: the same set gives the same list. */
  list(): readonly CountedRow[] {
    return [...this.#counts].map(([rowSha256, count]) => ({ rowSha256, count })).sort(byDigest);
  }

  copy(): RowSet {
    const copy = new RowSet();
    for (const [rowSha256, count] of this.#counts) copy.#counts.set(rowSha256, count);
    copy.#total = this.#total;
    return copy;
  }
}

/** The lines of a chunk of whole lines, each with its newline. */
export function* linesOf(chunk: Buffer): Generator<Buffer, void> {
  for (let start = 0; start < chunk.length; ) {
    const end = chunk.indexOf(newline, start) + 1 || chunk.length;
    yield chunk.subarray(start, end);
    start = end;
  }
}

function byDigest(a: CountedRow, b: CountedRow): number {
  return a.rowSha256 < b.rowSha256 ? -1 : 1;
}
