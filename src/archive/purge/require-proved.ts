import { forgetCopies } from '../../registry/archive/read-copy.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { verifyPart } from '../verify/verify-part.ts';
import type { PurgeWork } from './purge-ranges.ts';

/**
 * That what is about to be deleted is in the bucket now, not only when it was verified: parts that an earlier run proved
 * are read back again.
 * @throws AppError as verifyPart
 */
export async function requireProved({ context, job, unit, purgedRound }: PurgeWork): Promise<void> {
  const { verifierStore: store, signal } = job;
  const { encryptionRequired } = context.destination;
  for (const part of partsToProve(unit, purgedRound, job.provedParts)) {
    await verifyPart({ store, unit, part, encryptionRequired, signal });
    job.provedParts.add(part.id);
  }
  await forgetCopies(context.registry, unit.id);
}

/** Those whose rows were purged before are not: nothing of them is deleted any more. */
export function partsToProve(
  { parts }: WholeUnit,
  purgedRound: PurgeWork['purgedRound'],
  provedParts: ReadonlySet<number>,
): readonly PartRecord[] {
  return parts.filter(
    ({ id, round, ranges }) => !provedParts.has(id) && ranges.some(({ ordinal }) => round > purgedRound(ordinal)),
  );
}
