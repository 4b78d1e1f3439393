import { verifyPart } from '../verify/verify-part.ts';
import type { PurgeWork } from './purge-ranges.ts';

/**
 * That what is about to be deleted is in the bucket now, not only when it was verified: parts that an earlier run proved
 * are read back again. Of parts whose rows were purged before, nothing is deleted any more.
 * @throws AppError as verifyPart
 */
export async function requireProved({ context, job, unit, purgedRound }: PurgeWork): Promise<void> {
  const { verifierStore: store, signal } = job;
  const { encryptionRequired } = context.destination;
  for (const part of unit.parts) {
    const isNeeded = part.ranges.some(({ ordinal }) => part.round > purgedRound(ordinal));
    if (!isNeeded || job.provedParts.has(part.id)) continue;
    await verifyPart({ store, unit, part, encryptionRequired, signal });
    job.provedParts.add(part.id);
  }
}
