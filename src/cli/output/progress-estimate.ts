import type { Processed } from '../../ingest/work/process-file.ts';
import type { WaitingFile } from '../../registry/file/list-waiting.ts';

/** Billing CSV shrinks to about an eighth in gzip; used until a finished file tells its own. */
const firstExpansion = 8;
/** A file under way never counts as done, however much comes out of it. */
const mostOfUnfinished = 0.95;

export interface ProgressFigures {
  readonly filesDone: number;
  readonly files: number;
  readonly bytesDone: number;
  /** Of the objects in S3. */
  readonly bytes: number;
  /** Into the database. */
  readonly megabytesPerSecond: number;
  /** Null until there is anything to go by. */
  readonly secondsLeft: number | null;
}

/** How far a run is, from what its workers tell: S3 bytes for the share done, copied bytes for the rate. */
export class ProgressEstimate {
  readonly #sizes: ReadonlyMap<number, number>;
  readonly #bytes: number;
  readonly #startMillis: number;
  readonly #underWay = new Map<number, number>();
  #filesDone = 0;
  #sizeDone = 0;
  #copiedDone = 0;

  constructor(files: readonly WaitingFile[], startMillis: number) {
    this.#sizes = new Map(files.map(({ id, sizeBytes }) => [id, sizeBytes]));
    this.#bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#startMillis = startMillis;
  }

  copied(fileId: number, copiedBytes: number): void {
    this.#underWay.set(fileId, copiedBytes);
  }

  processed(fileId: number, outcome: Processed): void {
    const copied = this.#underWay.get(fileId) ?? 0;
    this.#underWay.delete(fileId);
    const size = this.#sizes.get(fileId);
    if (size === undefined || outcome === 'will-retry' || outcome === 'given-back') return;
    this.#filesDone += 1;
    this.#sizeDone += size;
    this.#copiedDone += copied;
  }

  at(nowMillis: number): ProgressFigures {
    const seconds = Math.max(0.001, (nowMillis - this.#startMillis) / 1_000);
    const copiedUnderWay = this.#underWay.values().reduce((sum, copied) => sum + copied, 0);
    const bytesDone = this.#sizeDone + this.#sizeUnderWay();
    return {
      filesDone: this.#filesDone,
      files: this.#sizes.size,
      bytesDone,
      bytes: this.#bytes,
      megabytesPerSecond: (this.#copiedDone + copiedUnderWay) / 1e6 / seconds,
      secondsLeft: bytesDone === 0 ? null : ((this.#bytes - bytesDone) / bytesDone) * seconds,
    };
  }

  /** In S3 bytes; what comes out of a file is known, what is still in it is guessed from those before. */
  #sizeUnderWay(): number {
    const expansion = this.#copiedDone > 0 && this.#sizeDone > 0 ? this.#copiedDone / this.#sizeDone : firstExpansion;
    return this.#underWay.entries().reduce((sum, [fileId, copied]) => {
      const size = this.#sizes.get(fileId) ?? 0;
      return sum + Math.min(copied / expansion, size * mostOfUnfinished);
    }, 0);
  }
}
