import type { ArchiveContext } from '../context.ts';
import { type ExtendLocksRequest, extendLocks, type LockExtension } from './extend-locks.ts';

/** Time enough to see a slip in a policy before it is kept to for years, and to see and mend what keeps the job from it. */
export const endingDays = 90;

/** As `extendLocks`, of what is locked for few days more: a longer lock can never be taken back, so it is put on late. */
export function extendEndingLocks(
  context: ArchiveContext,
  request: Pick<ExtendLocksRequest, 'actor' | 'signal'>,
): Promise<LockExtension> {
  return extendLocks(context, { ...request, endingWithinDays: endingDays });
}
