import { releaseHold as recordRelease } from '../../registry/archive/hold.ts';
import type { ArchiveContext } from '../context.ts';
import { type HoldOutcome, reconcileNow, requireReason } from './place-hold.ts';

export interface ReleaseHoldRequest {
  readonly id: number;
  readonly reason: string;
  readonly actor: string;
  readonly signal: AbortSignal;
}

/**
 * Releases a hold, and takes the legal holds off the objects that no other hold covers.
 * @throws AppError BAD_INPUT, NOT_FOUND, ILLEGAL_STATE when it was released before
 */
export async function releaseHold(
  context: ArchiveContext,
  { id, actor, reason, signal }: ReleaseHoldRequest,
): Promise<HoldOutcome> {
  const hold = await recordRelease(context.registry, { id, actor, reason: requireReason(reason) });
  return { hold, objects: await reconcileNow(context, { source: hold.source, signal }) };
}
