import { createHash, type Hash } from 'node:crypto';
import { nextPartOrdinal, recordDeparted } from '../../registry/archive/part-states.ts';
import { type PartReplacement, replacePart } from '../../registry/archive/replacement.ts';
import type { DepartedRow, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { writerColumns } from '../source/writer-columns.ts';
import { PartUnderWay } from './part-under-way.ts';
import { storeFinished } from './store-finished.ts';
import type { UnitJob } from './unit-job.ts';

export interface LateRowsOptions {
  readonly context: ArchiveContext;
  readonly job: UnitJob;
  readonly unit: WholeUnit;
  readonly definition: TableDefinition;
}

/**
 * Rows that came late or were changed, on their way into further parts. However many there are, a part is stored when it
 * is full, in the middle of a range as well.
 */
export class LateRows implements AsyncDisposable {
  readonly #options: LateRowsOptions;
  #part: PartUnderWay;
  #rangeRows = 0;
  #rangeHash: Hash = createHash('sha256');
  #departed: DepartedRow[] = [];

  constructor(options: LateRowsOptions) {
    this.#options = options;
    this.#part = this.#open();
  }

  async add(rangeOrdinal: number, lines: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(lines);
    this.#rangeHash.update(bytes);
    this.#rangeRows += lines.length;
    await this.#part.add(bytes, lines.length);
    if (!this.#part.isFull) return;
    this.#closeRange(rangeOrdinal);
    await this.#store();
  }

  /** @param departed the range's archived rows that are gone; on record with the part that is stored next */
  endRange(rangeOrdinal: number, departed: readonly DepartedRow[]): void {
    this.#closeRange(rangeOrdinal);
    this.#departed.push(...departed);
  }

  /**
   * Stores what is left.
   * @param replaces the faulty part that all of it stands for: on record with the last part, or alone where nothing is left
   */
  async end(replaces?: PartReplacement): Promise<void> {
    const { registry } = this.#options.context;
    if (this.#part.rows > 0) return this.#store(replaces);
    await recordDeparted(registry, this.#options.unit.id, this.#departed);
    if (replaces !== undefined) await registry.$transaction((transaction) => replacePart(transaction, replaces, null));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#part[Symbol.asyncDispose]();
  }

  #closeRange(ordinal: number): void {
    if (this.#rangeRows === 0) return;
    this.#part.endRange({ ordinal, rows: this.#rangeRows, sha256: this.#rangeHash.digest('hex') });
    this.#rangeHash = createHash('sha256');
    this.#rangeRows = 0;
  }

  async #store(replaces?: PartReplacement): Promise<void> {
    const { context, unit } = this.#options;
    const ordinal = await nextPartOrdinal(context.registry, unit.id);
    await storeFinished(context, {
      ...this.#options,
      part: this.#part,
      ordinal,
      newRanges: [],
      departed: this.#departed,
      replaces,
    });
    this.#departed = [];
    await this.#part[Symbol.asyncDispose]();
    this.#part = this.#open();
  }

  #open(): PartUnderWay {
    const { job, definition } = this.#options;
    return new PartUnderWay({ columns: writerColumns(definition), policy: job.policy, signal: job.signal });
  }
}
