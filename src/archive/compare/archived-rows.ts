import { AppError } from '../../errors.ts';
import type { DepartedRow, PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { countsPurgedRows } from './expected-range.ts';
import { linesOf, RowSet, rowDigest } from './row-set.ts';

/** The archived rows of one range. */
export interface ArchivedRange {
  /**
   * What a restore would give, as far as it counts: only a row that is in here may be deleted, and needs no further part.
   * Departed rows are not in it: one that came back is archived again, or a restore would leave it out.
   */
  readonly kept: RowSet;
  /** Of these, the rows that should still be in the table: nothing purged or removed them yet. */
  readonly live: RowSet;
  /** Of these, the rows of which nobody knows whether they were purged: those that were recovered, unless they were met. */
  readonly doubtful: RowSet;
  /** On record as departed, and in none of the parts. */
  readonly stray: readonly DepartedRow[];
}

export interface ArchivedRowsOptions {
  readonly unit: WholeUnit;
  /** The stored lines of a part, from its first row. */
  readonly openLines: (part: PartRecord) => AsyncGenerator<Buffer, void>;
  /** Round in which a range was last purged; 0: never. */
  readonly purgedRound: (rangeOrdinal: number) => number;
  /** Default: as countsPurgedRows() says of the unit. */
  readonly countsPurged?: boolean;
}

/** One part that is being read, row by row. */
interface Reading {
  readonly part: PartRecord;
  readonly lines: AsyncGenerator<Buffer, void>;
  chunk: Generator<Buffer, void>;
  /** Index in `part.ranges` of what comes next. */
  next: number;
}

/**
 * What is archived of a unit, range by range, read back out of the bucket. Ranges are asked for in ascending order, so that
 * every part is read once at most, and only those are read that hold something of a range asked for.
 */
export class ArchivedRows implements AsyncDisposable {
  readonly #options: ArchivedRowsOptions;
  readonly #readings = new Map<number, Reading>();

  constructor(options: ArchivedRowsOptions) {
    this.#options = options;
  }

  /** @throws AppError as the reading of a stored part */
  async range(ordinal: number): Promise<ArchivedRange> {
    const { unit, purgedRound } = this.#options;
    const all = new RowSet();
    const live = new RowSet();
    const doubtful = new RowSet();
    const purged = purgedRound(ordinal);
    const departed = unit.departed.filter(({ rangeOrdinal }) => rangeOrdinal === ordinal);
    for (const part of unit.parts) {
      if (!part.ranges.some((range) => range.ordinal === ordinal)) continue;
      for (const rowSha256 of await this.#rowsOf(part, ordinal)) {
        all.add(rowSha256);
        if (part.round <= purged) continue;
        live.add(rowSha256);
        if (part.round <= (unit.recoveredRound ?? 0)) doubtful.add(rowSha256);
      }
    }
    const stray: DepartedRow[] = [];
    for (const row of departed) {
      const missing = row.count - all.remove(row);
      if (missing > 0) stray.push({ ...row, count: missing });
      // What departed up to the range's last purge was of the parts before it.
      if (row.round <= purged) continue;
      live.remove(row);
      doubtful.remove(row);
    }
    const { countsPurged = countsPurgedRows(unit) } = this.#options;
    return { kept: countsPurged ? all : live.copy(), live, doubtful, stray };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { lines } of this.#readings.values()) await lines.return();
    this.#readings.clear();
  }

  async #rowsOf(part: PartRecord, ordinal: number): Promise<readonly string[]> {
    const reading = this.#readings.get(part.id) ?? this.#open(part);
    const rows: string[] = [];
    for (; reading.next < part.ranges.length; reading.next++) {
      const range = part.ranges[reading.next];
      if (range === undefined || range.ordinal > ordinal) break;
      for (let i = 0; i < range.rows; i++) {
        const line = await nextLine(reading);
        if (range.ordinal === ordinal) rows.push(rowDigest(line));
      }
    }
    if (reading.next === part.ranges.length) {
      await reading.lines.return();
      this.#readings.delete(part.id);
    }
    return rows;
  }

  #open(part: PartRecord): Reading {
    const reading = { part, lines: this.#options.openLines(part), chunk: linesOf(Buffer.alloc(0)), next: 0 };
    this.#readings.set(part.id, reading);
    return reading;
  }
}

async function nextLine(reading: Reading): Promise<Buffer> {
  for (;;) {
    const line = reading.chunk.next();
    if (!line.done) return line.value;
    const chunk = await reading.lines.next();
    if (chunk.done)
      throw new AppError('PROOF_FAILED', `part ${reading.part.key} has fewer rows than the registry says`);
    reading.chunk = linesOf(chunk.value);
  }
}
