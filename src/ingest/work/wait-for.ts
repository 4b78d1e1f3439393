import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, and returns early when the signal is aborted. */
export async function waitFor(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined);
}
