import { setTimeout as wait } from 'node:timers/promises';

/** How much of a source database the archive may take. */
export interface ThrottleLimits {
  /** Rows read a second at most; null: no limit. */
  readonly rowsPerSecond: number | null;
  /** Share of the time during which the source works for us, above 0 up to 1; null: no limit. */
  readonly load: number | null;
}

/** Told of every piece of work done; pauses until more may be asked for. */
export interface Throttle {
  after(rows: number, signal?: AbortSignal): Promise<void>;
}

/** Pauses below this are saved up: a timer is not that exact. */
const shortestPauseMillis = 5;
/** However far behind, the source is asked for something at least this often, so that no connection looks dead. */
const longestPauseMillis = 10_000;

export const unlimited: ThrottleLimits = { rowsPerSecond: null, load: null };

/**
 * Work and pause in turns. The time between two calls counts as work of the source (it is the most that it can have
 * been), so that `load` is a ceiling on what we add to one of its cores, whatever else it does and however fast it is.
 * @param now milliseconds, monotonic
 */
export function createThrottle(limits: ThrottleLimits, now: () => number = () => performance.now()): Throttle {
  const { rowsPerSecond, load } = limits;
  let resumedAt = now();
  let owedMillis = 0;
  return {
    async after(rows, signal) {
      const workedMillis = now() - resumedAt;
      const byLoad = load === null ? 0 : workedMillis * (1 / load - 1);
      const byRows = rowsPerSecond === null ? 0 : (rows / rowsPerSecond) * 1_000 - workedMillis;
      owedMillis += Math.max(0, byLoad, byRows);
      if (owedMillis >= shortestPauseMillis) {
        const pausedAt = now();
        await wait(Math.min(owedMillis, longestPauseMillis), undefined, signal === undefined ? {} : { signal });
        owedMillis = Math.max(0, owedMillis - (now() - pausedAt));
      }
      resumedAt = now();
    },
  };
}
