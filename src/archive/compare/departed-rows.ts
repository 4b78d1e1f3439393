import type { ArchivedRange } from './archived-rows.ts';
import type { CountedRow } from './row-set.ts';

type Comparison = Pick<ArchivedRange, 'live' | 'doubtful'>;

/**
 * Compares a range's archived rows with those of the table, each of which is met once; then tells which have departed:
 * others deleted or changed them, so a restore leaves them out. A purge takes a range as a whole. So where the registry was
 * recovered, and may not know of the last purges, recovered rows of which none was met were purged: all of them come back
 * with a restore.
 */
export class DepartedRows {
  readonly #live: Comparison['live'];
  readonly #doubtful: Comparison['doubtful'];
  readonly #doubtfulBefore: number;

  constructor({ live, doubtful }: Comparison) {
    this.#live = live;
    this.#doubtful = doubtful;
    this.#doubtfulBefore = doubtful.total;
  }

  meet(rowSha256: string): void {
    this.#live.take(rowSha256);
    this.#doubtful.take(rowSha256);
  }

  list(): readonly CountedRow[] {
    if (this.#doubtful.total < this.#doubtfulBefore) return this.#live.list();
    const departed = this.#live.copy();
    for (const row of this.#doubtful.list()) departed.remove(row);
    return departed.list();
  }
}
