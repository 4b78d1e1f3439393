import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';

export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Waits before the `attempt`th retry (from 1): doubling, capped, with full jitter, so that many readers which broke
 * together do not return together.
 * @throws AppError CANCELLED as soon as the signal is aborted
 */
export async function backOff({ baseMs, maxMs }: Backoff, attempt: number, signal?: AbortSignal): Promise<void> {
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  try {
    await sleep(Math.random() * ceilingMs, undefined, signal ? { signal } : {});
  } catch (cause) {
    throw new AppError('CANCELLED', 'cancelled while waiting to try again', { cause });
  }
}
