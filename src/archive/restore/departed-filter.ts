import type { DepartedRow, PartRecord } from '../../registry/archive/unit-record.ts';
import { type CountedRow, linesOf, RowSet, rowDigest } from '../compare/row-set.ts';

/**
 * Leaves out the rows of a part that had departed from their table: as often as they did, whichever of the unit's parts
 * holds them. What other parts of the target left out already counts.
 */
export class DepartedFilter {
  readonly #part: PartRecord;
  /** By range: what is still to be left out. */
  readonly #departed: ReadonlyMap<number, RowSet>;
  readonly #leftOut = new RowSet();
  /** Index in `part.ranges`, and how many of its rows are still to come. */
  #index = 0;
  #rowsLeft: number;

  constructor(part: PartRecord, departed: readonly DepartedRow[], leftOutBefore: readonly CountedRow[]) {
    this.#part = part;
    this.#rowsLeft = part.ranges[0]?.rows ?? 0;
    const ordinals = new Set(part.ranges.map(({ ordinal }) => ordinal));
    const sets = new Map<number, RowSet>();
    for (const { rangeOrdinal, rowSha256, count } of departed) {
      if (!ordinals.has(rangeOrdinal)) continue;
      const set = sets.get(rangeOrdinal) ?? new RowSet();
      set.add(rowSha256, count);
      sets.set(rangeOrdinal, set);
    }
    for (const row of leftOutBefore) for (const set of sets.values()) set.remove(row);
    this.#departed = sets;
  }

  /** Nothing of this part can have departed: its lines go through as they are. */
  get isIdle(): boolean {
    return [...this.#departed.values()].every(({ size }) => size === 0);
  }

  get leftOut(): readonly CountedRow[] {
    return this.#leftOut.list();
  }

  get leftOutRows(): number {
    return this.#leftOut.list().reduce((sum, { count }) => sum + count, 0);
  }

  async *filter(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    for await (const chunk of lines) {
      const kept = this.isIdle ? chunk : this.#keep(chunk);
      if (kept.length > 0) yield kept;
    }
  }

  #keep(chunk: Buffer): Buffer {
    const kept: Buffer[] = [];
    let isWhole = true;
    for (const line of linesOf(chunk)) {
      if (this.#isDeparted(line)) isWhole = false;
      else kept.push(line);
    }
    return isWhole ? chunk : Buffer.concat(kept);
  }

  #isDeparted(line: Buffer): boolean {
    while (this.#rowsLeft === 0 && this.#index < this.#part.ranges.length) {
      this.#rowsLeft = this.#part.ranges[++this.#index]?.rows ?? 0;
    }
    this.#rowsLeft--;
    const set = this.#departed.get(this.#part.ranges[this.#index]?.ordinal ?? 0);
    if (set === undefined || set.size === 0) return false;
    const digest = rowDigest(line);
    if (!set.take(digest)) return false;
    this.#leftOut.add(digest);
    return true;
  }
}
