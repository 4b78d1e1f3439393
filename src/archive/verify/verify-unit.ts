import { findUnit } from '../../registry/archive/find-unit.ts';
import { markPartVerified } from '../../registry/archive/part-states.ts';
import { markUnitVerified } from '../../registry/archive/unit-states.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { tellUnconfirmed } from './tell-unconfirmed.ts';
import { verifyPart } from './verify-part.ts';

/**
 * EXPORTED → VERIFIED: every part that was not proved yet is read back, with the verifier's rights, and proved.
 * @throws AppError as verifyPart: the unit then stays EXPORTED, and nothing of it is purged
 */
export async function verifyUnit(context: ArchiveContext, job: UnitJob): Promise<void> {
  await verifyStoredParts(context, job);
  await markUnitVerified(context.registry, job.unitId);
  step('unit.verified', job.unitId);
}

/**
 * STORED → VERIFIED, part by part.
 * @param except ids of parts that are known not to be what is on record
 * @throws AppError as verifyPart
 */
export async function verifyStoredParts(
  context: ArchiveContext,
  job: UnitJob,
  except: ReadonlySet<number> = new Set(),
): Promise<void> {
  const { registry, destination } = context;
  const { encryptionRequired } = destination;
  const unit = await findUnit(registry, job.unitId);
  const { verifierStore: store, signal } = job;
  for (const part of unit.parts.filter(({ id, state }) => state === 'STORED' && !except.has(id))) {
    const { isEncrypted } = await verifyPart({ store, unit, part, encryptionRequired, signal });
    if (!isEncrypted) tellUnconfirmed(context, part);
    step('part.proved', unit.id);
    await markPartVerified(registry, part.id, { isEncrypted });
    job.provedParts.add(part.id);
    step('part.verified', unit.id);
  }
}
