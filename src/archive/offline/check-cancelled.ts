import { AppError } from '../../errors.ts';

/** @throws AppError CANCELLED */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError('CANCELLED', 'the verification was cancelled', { cause: signal.reason });
}
