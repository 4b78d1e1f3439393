import { AppError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { DeletionMethod, DeletionState } from '../generated/enums.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { recordDeparted } from './part-states.ts';

/** An archived row of a range that a purge did not find. */
export interface Departed {
  readonly rowSha256: string;
  readonly count: number;
}

export interface DeletionIntent {
  readonly unitId: number;
  readonly round: number;
  readonly rangeOrdinal: number;
  readonly method: DeletionMethod;
  /** `pg_current_xact_id()` of the transaction in the source database. */
  readonly transaction: string;
  readonly rows: number;
  readonly digest: string;
  readonly departed: readonly Departed[];
  readonly actor: string;
}

export interface DeletionRecord extends DeletionIntent {
  readonly id: number;
  readonly state: DeletionState;
  readonly at: Date;
  readonly manifestId: number | null;
}

/**
 * Before the source's commit: what is about to be deleted, and by which transaction.
 * @throws AppError ILLEGAL_STATE when the unit is not VERIFIED any more: a validation found that it is not what was proved
 */
export async function intendDeletion(registry: Registry, intent: DeletionIntent): Promise<number> {
  const { unitId, round, rangeOrdinal, method, transaction, rows, digest, departed, actor } = intent;
  const [row] = await registry.$queryRaw<{ id: bigint }[]>`
    with unit as (select id from registry.archive_unit where id = ${unitId} and state = 'VERIFIED' for share)
    insert into registry.archive_deletion
           (unit_id, round, range_ordinal, method, transaction, rows, digest, departed, actor)
    select id, ${round}, ${rangeOrdinal}, ${method}::registry.deletion_method, ${transaction}, ${rows}, ${digest},
           ${JSON.stringify(departed)}::jsonb, ${actor}
      from unit
    returning id`;
  if (row === undefined) {
    throw new AppError(
      'ILLEGAL_STATE',
      `archive unit ${unitId} is not VERIFIED any more: nothing more of it is purged`,
    );
  }
  return safeInteger(row.id);
}

/** After the source's commit. */
export async function commitDeletion(
  registry: PrismaClient,
  deletion: Pick<DeletionRecord, 'id' | 'unitId' | 'round' | 'rangeOrdinal' | 'departed'>,
): Promise<void> {
  await registry.$transaction(async (transaction) => {
    await settle(transaction, deletion.id, 'COMMITTED');
    const { unitId, round, rangeOrdinal } = deletion;
    await recordDeparted(
      transaction,
      unitId,
      deletion.departed.map((row) => ({ ...row, round, rangeOrdinal })),
    );
  });
}

/** The source's transaction did not commit: nothing was deleted. */
export async function abortDeletion(registry: Registry, id: number): Promise<void> {
  await settle(registry, id, 'ABORTED');
}

async function settle(registry: Registry, id: number, state: 'COMMITTED' | 'ABORTED'): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_deletion set state = ${state}::registry.deletion_state, settled_at = now()
     where id = ${id} and state = 'INTENDED'`;
  if (changed !== 1) throw new AppError('ILLEGAL_STATE', `deletion ${id} is not INTENDED any more`);
}

/** Of one unit's round, in the order of the ranges, without those that were aborted. */
export async function listDeletions(
  registry: Registry,
  { unitId, round }: { readonly unitId: number; readonly round?: number },
): Promise<readonly DeletionRecord[]> {
  const rows = await registry.archiveDeletion.findMany({
    where: { unitId, state: { not: 'ABORTED' }, ...(round === undefined ? {} : { round }) },
    orderBy: [{ round: 'asc' }, { rangeOrdinal: 'asc' }],
  });
  return rows.map(toDeletion);
}

/** Deletions of a source that no manifest names yet. */
export async function listUnrecordedDeletions(registry: Registry, source: string): Promise<readonly DeletionRecord[]> {
  const rows = await registry.archiveDeletion.findMany({
    where: { state: 'COMMITTED', manifestId: null, unit: { table: { source } } },
    orderBy: { id: 'asc' },
  });
  return rows.map(toDeletion);
}

function toDeletion(row: Prisma.ArchiveDeletionGetPayload<object>): DeletionRecord {
  return {
    ...row,
    id: safeInteger(row.id),
    unitId: safeInteger(row.unitId),
    rows: safeInteger(row.rows),
    departed: row.departed as unknown as readonly Departed[],
    manifestId: row.manifestId === null ? null : safeInteger(row.manifestId),
  };
}
