import { findUnit } from '../../registry/archive/find-unit.ts';
import { resumeUnit } from '../../registry/archive/unit-states.ts';
import type { ArchiveContext } from '../context.ts';
import { exportFurther } from '../export/export-further.ts';
import { exportUnit } from '../export/export-unit.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { settleDeletions } from '../purge/settle-deletions.ts';
import { findRanges } from '../recover/find-ranges.ts';
import { verifyUnit } from '../verify/verify-unit.ts';

/** `waiting`: parts lie in the spool until the bucket can be reached again. */
export type Advanced = 'verified' | 'waiting';

/** Takes a unit from wherever it is to VERIFIED; one that is there already stays. */
export async function advanceUnit(context: ArchiveContext, job: UnitJob): Promise<Advanced> {
  const { registry } = context;
  await resumeUnit(registry, job.unitId);
  // First of all: rows that a purge deleted without our knowledge would else be taken for departed ones.
  await settleDeletions(context, job, await findUnit(registry, job.unitId));
  await findRanges(context, job, await findUnit(registry, job.unitId));
  const unit = await findUnit(registry, job.unitId);
  if (unit.state === 'PLANNED') {
    const outcome = unit.round === 1 ? await exportUnit(context, job) : await exportFurther(context, job);
    if (outcome === 'waiting') return 'waiting';
  }
  if ((await findUnit(registry, job.unitId)).state === 'EXPORTED') await verifyUnit(context, job);
  return 'verified';
}
