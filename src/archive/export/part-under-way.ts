import { createHash } from 'node:crypto';
import type { WriterColumn } from '../../parquet/write/column.ts';
import { openPartWriter, type PartWriter, type WrittenPart } from '../../parquet/write/part-writer.ts';
import type { PartRange } from '../../registry/archive/unit-record.ts';
import type { Policy } from '../policy/policy.ts';

export interface FinishedPart extends WrittenPart {
  /** Of its canonical lines. */
  readonly digest: string;
  readonly textBytes: number;
  readonly ranges: readonly PartRange[];
}

export interface PartUnderWayOptions {
  readonly columns: readonly WriterColumn[];
  readonly policy: Pick<Policy, 'compression' | 'partRows' | 'partBytes'>;
  readonly signal?: AbortSignal | undefined;
}

/** A part while its lines come in: parquet is made of them in a thread beside, digests here. */
export class PartUnderWay implements AsyncDisposable {
  readonly #writer: PartWriter;
  readonly #policy: PartUnderWayOptions['policy'];
  readonly #hash = createHash('sha256');
  readonly #ranges: PartRange[] = [];
  #rows = 0;
  #textBytes = 0;

  constructor({ columns, policy, signal }: PartUnderWayOptions) {
    const { compression } = policy;
    this.#writer = openPartWriter({ columns, compression, ...(signal === undefined ? {} : { signal }) });
    this.#policy = policy;
  }

  /** @param lines whole lines, handed over */
  async add(lines: Buffer, rows: number): Promise<void> {
    this.#hash.update(lines);
    this.#rows += rows;
    this.#textBytes += lines.length;
    await this.#writer.write(lines);
  }

  endRange(range: PartRange): void {
    this.#ranges.push(range);
  }

  /** Asked at the end of a range: whether the next range is for another part. Depends on the lines alone. */
  get isFull(): boolean {
    return this.#rows >= this.#policy.partRows || this.#textBytes >= this.#policy.partBytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /** @param describe the footer's key-value pairs, given what only the whole part knows */
  async finish(
    describe: (whole: {
      readonly rows: number;
      readonly digest: string;
      readonly ranges: readonly PartRange[];
    }) => ReadonlyMap<string, string>,
  ): Promise<FinishedPart> {
    const digest = this.#hash.digest('hex');
    const whole = { rows: this.#rows, digest, ranges: this.#ranges };
    const written = await this.#writer.finish(describe(whole));
    return { ...written, digest, textBytes: this.#textBytes, ranges: this.#ranges };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}
