import { AppError, toAppError } from '../../errors.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import { markUnitPurged } from '../../registry/archive/unit-states.ts';
import { recordAudit } from '../../registry/audit.ts';
import { step } from '../../steps.ts';
import { comparableLines } from '../compare/comparable-lines.ts';
import { readPurgedRounds } from '../compare/read-purged-rounds.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { unitQuery } from '../export/unit-query.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import { readDefinition } from '../source/table-definition.ts';
import { detachPartition } from './detach-partition.ts';
import { findPartition, type Partition } from './find-partition.ts';
import { ownedPartition } from './owned-partition.ts';
import { type PurgeOutcome, type PurgeWork, purgeRanges } from './purge-ranges.ts';
import { requireNoHold } from './require-no-hold.ts';
import { requireNotKept } from './require-not-kept.ts';
import { requireProved } from './require-proved.ts';
import { requirePurgeable } from './require-purgeable.ts';
import { requireRecorded } from './require-recorded.ts';
import { settleDeletions } from './settle-deletions.ts';
import { toPurgeError } from './to-purge-error.ts';

/**
 * Deletes a verified unit's rows from its source, each transaction of it committed only if what it deleted is what is
 * proved in the bucket. What differs stays as it is and is reported.
 * @throws AppError ON_HOLD, ILLEGAL_STATE, POLICY_INVALID when the table cannot be purged safely, BAD_CONFIG when the
 *   source's role lacks a right, ROWS_CHANGED when rows stay that were deleted, as verifyPart for a part that is not in the bucket as it was proved, or transient
 */
export async function purgeUnit(context: ArchiveContext, job: UnitJob): Promise<PurgeOutcome> {
  const { registry } = context;
  await settleDeletions(context, job, await findUnit(registry, job.unitId));
  const unit = await findUnit(registry, job.unitId);
  // Another archiver had the table since this run proved it: what it did stands.
  if (unit.state === 'PURGED') return { kind: 'purged', rows: 0 };
  requireState(unit, job);
  requireNotKept(context, unit);
  await requireNoHold(context, unit);
  await requireRecorded(registry, unit);
  const { query, comparable, partition } = await inSnapshot(job.pool, async (client) => {
    const definition = await readDefinition(client, unit);
    await requirePurgeable(client, definition);
    return {
      query: unitQuery(unit, definition),
      comparable: await comparableLines(registry, unit, definition),
      partition: await ownedPartition(client, unit, findPartition(definition, unit)),
    };
  });
  const purgedRound = await readPurgedRounds(registry, unit);
  const work: PurgeWork = { context, job, unit, query, comparable, purgedRound };
  await requireProved(work);
  const outcome = await purge(work, partition);
  if (outcome.kind === 'changed') return outcome;
  await markUnitPurged(registry, unit.id);
  await recordPurge(work, outcome.rows);
  step('unit.purged', unit.id);
  return outcome;
}

/** @throws AppError ILLEGAL_STATE; TABLE_BUSY when it is somebody else's work */
function requireState({ id, state }: WholeUnit, { policy }: UnitJob): void {
  if (!policy.purge)
    throw new AppError('ILLEGAL_STATE', `archive unit ${id}: its policy keeps rows, nothing is purged`);
  if (state === 'VERIFIED') return;
  const isUnderWay = state === 'PLANNED' || state === 'EXPORTED';
  throw new AppError(
    isUnderWay ? 'TABLE_BUSY' : 'ILLEGAL_STATE',
    `archive unit ${id} is ${state}, not VERIFIED: it is not purged`,
  );
}

async function purge(work: PurgeWork, partition: Partition | undefined): Promise<PurgeOutcome> {
  const { context, job, unit } = work;
  try {
    const detached = partition === undefined ? undefined : await detachPartition(work, partition);
    // A partition with rows that are not archived is left in place; its ranges tell which they are.
    return detached ?? (await purgeRanges(work));
  } catch (error) {
    // What became of the transaction that failed, the server says: now, or when the next run asks.
    await settleDeletions(context, job, unit).catch((failure: unknown) => {
      context.log.warn({ unit: unit.id, err: toAppError(failure).message }, 'a deletion is not settled yet');
    });
    throw toPurgeError(error, work);
  }
}

async function recordPurge({ context, job, unit }: PurgeWork, rows: number): Promise<void> {
  const detail = { table: tableOf(unit), month: unit.month, rows };
  const { registry } = context;
  await recordAudit(registry, { actor: job.actor, action: 'unit.purged', subject: `unit/${unit.id}`, detail });
}

function tableOf({ source, schema, table }: WholeUnit): string {
  return `${source}/${schema}.${table}`;
}
