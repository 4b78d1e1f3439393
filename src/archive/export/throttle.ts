import { setTimeout as wait } from 'node:timers/promises';

/** How much of a source database the archive may take. */
export interface ThrottleLimits {
  /** Rows read a second at most; null: no limit. */
  readonly rowsPerSecond: number | null;
  /** Share of the time during which the source works for us, above 0 up to 1; null: no limit. */
  readonly load: number | null;
}

/** What the source did for us. */
export interface SourceWork {
  readonly rows: number;
  /** As long as we waited for it: the most that it can have worked. */
  readonly workedMillis: number;
}

/** Told of every piece of the source's work; pauses until more may be asked for. */
export interface Throttle {
  /** @throws the signal's reason */
  after(work: SourceWork, signal?: AbortSignal): Promise<void>;
  /** Whether rows count. */
  readonly limitsRows: boolean;
}

/** Pauses below this are saved up: a timer is not that exact. */
const shortestPauseMillis = 5;
/** However far behind, the source is asked for something at least this often, so that no connection looks dead. */
const longestPauseMillis = 10_000;
/** What one table owes beyond it is forgiven: whatever its policy says, it does not hold up the others of its source for days. */
const maxOwedMillis = 4 * 3_600_000;
const newline = 10;

export const unlimited: ThrottleLimits = { rowsPerSecond: null, load: null };

/**
 * Since when everything that was asked of one source is paid for by pauses. What is done there at the same time shares it, so
 * that limits are those of the source, not of every table.
 */
export class ThrottleClock {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  #paidAt: number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
    this.#paidAt = now();
  }

  /** @returns milliseconds to wait, for work that has just ended and is worth `costMillis` of the source's time */
  charge(workedMillis: number, costMillis: number): number {
    const now = this.now();
    // Time in which nobody asked for anything was a pause; it is not saved up for later.
    const paidAt = Math.max(this.#paidAt, now - workedMillis) + costMillis;
    this.#paidAt = Math.min(paidAt, now + maxOwedMillis);
    return this.#paidAt - now;
  }
}

/**
 * Work and pause in turns, so that `load` is a ceiling on what we add to one of the source's cores, whatever else it does
 * and however fast it is. Time that we spend elsewhere (on an upload, on a proof) is a pause as well.
 * @param clock shared by all that works on one source
 */
export function createThrottle({ rowsPerSecond, load }: ThrottleLimits, clock = new ThrottleClock()): Throttle {
  return {
    limitsRows: rowsPerSecond !== null,
    async after({ rows, workedMillis }, signal) {
      const byLoad = load === null ? 0 : workedMillis / load;
      const byRows = rowsPerSecond === null ? 0 : (rows / rowsPerSecond) * 1_000;
      if (load === null && rowsPerSecond === null) return;
      const owedMillis = clock.charge(workedMillis, Math.max(byLoad, byRows));
      if (owedMillis < shortestPauseMillis) return;
      try {
        await wait(Math.min(owedMillis, longestPauseMillis), undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        // Why it was stopped, not that it was.
        signal?.throwIfAborted();
        throw error;
      }
    },
  };
}

/** The chunks of a COPY, each followed by the pause that it costs; only the waiting for the source counts as its work. */
export async function* throttled(
  chunks: AsyncIterable<Buffer>,
  { throttle, signal }: { readonly throttle: Throttle; readonly signal: AbortSignal },
): AsyncGenerator<Buffer, void> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const askedAt = performance.now();
      const { value, done } = await source.next();
      const workedMillis = performance.now() - askedAt;
      if (done) return;
      const rows = throttle.limitsRows ? countLines(value) : 0;
      yield value;
      await throttle.after({ rows, workedMillis }, signal);
    }
  } finally {
    await source.return?.();
  }
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines++;
  return lines;
}
