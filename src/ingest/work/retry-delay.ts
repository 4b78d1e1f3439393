export interface RetryDelay {
  readonly baseSeconds: number;
  readonly capSeconds: number;
  /** Attempts so far, from 1. */
  readonly attempts: number;
  /** In [0, 1): spreads what failed together. */
  readonly random: number;
}

/** Seconds until the next attempt: doubled each time up to the cap, of which half is left to chance. */
export function retryDelaySeconds({ baseSeconds, capSeconds, attempts, random }: RetryDelay): number {
  const full = Math.min(capSeconds, baseSeconds * 2 ** Math.max(0, attempts - 1));
  return full * (0.5 + random / 2);
}
