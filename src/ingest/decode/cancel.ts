import { AppError } from '../../errors.ts';

/** @throws AppError the signal's own reason where it is one of ours, else CANCELLED */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (signal.reason instanceof AppError) throw signal.reason;
  throw new AppError('CANCELLED', 'decoding was cancelled', { cause: signal.reason });
}
