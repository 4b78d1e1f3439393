import { AppError, type ErrorCode } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import { storableText } from '../file/mark-failed.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { RestorePartState, RestoreState } from '../generated/enums.ts';
import type { Registry } from '../registry.ts';
import { safeInteger, safeIntegerOrNull } from '../safe-integer.ts';

export type { RestorePartState, RestoreState };

export interface RestorePartRecord {
  readonly partId: number;
  readonly unitId: number;
  readonly state: RestorePartState;
  readonly requestedAt: Date | null;
  readonly restoredAt: Date | null;
  /** That were put into the target. */
  readonly rows: number | null;
  /** As src/archive/restore wrote it. */
  readonly detail: Prisma.JsonValue;
}

export interface RestoreRecord {
  readonly id: number;
  readonly source: string;
  readonly selection: Prisma.JsonValue;
  readonly target: Prisma.JsonValue;
  readonly targetKey: string;
  readonly state: RestoreState;
  readonly plan: Prisma.JsonValue;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
  /** In the order of their units and of their numbers in them. */
  readonly parts: readonly RestorePartRecord[];
}

export interface NewRestore {
  readonly source: string;
  readonly selection: Prisma.InputJsonObject;
  readonly target: Prisma.InputJsonObject;
  readonly targetKey: string;
  readonly plan: Prisma.InputJsonObject;
  readonly actor: string;
  readonly parts: readonly { readonly partId: number; readonly state: 'PENDING' | 'SKIPPED' }[];
}

const restoreInclude = {
  parts: { include: { part: true }, orderBy: [{ part: { unitId: 'asc' } }, { part: { ordinal: 'asc' } }] },
} as const satisfies Prisma.ArchiveRestoreInclude;

type RestoreRow = Prisma.ArchiveRestoreGetPayload<{ include: typeof restoreInclude }>;

/** Records what was asked for, in state PLANNED, with who asked. */
export async function createRestore(registry: PrismaClient, restore: NewRestore): Promise<RestoreRecord> {
  const { actor, parts, ...data } = restore;
  return registry.$transaction(async (transaction) => {
    const row = await transaction.archiveRestore.create({
      data: { ...data, requestedBy: actor, parts: { createMany: { data: [...parts] } } },
      include: restoreInclude,
    });
    const detail = { source: data.source, selection: data.selection, target: data.target, parts: parts.length };
    await recordAudit(transaction, { actor, action: 'restore.asked', subject: `restore/${row.id}`, detail });
    return toRestore(row);
  });
}

/** @throws AppError NOT_FOUND */
export async function findRestore(registry: Registry, id: number): Promise<RestoreRecord> {
  const row = await registry.archiveRestore.findUnique({ where: { id }, include: restoreInclude });
  if (row === null) throw new AppError('NOT_FOUND', `there is no restore ${id}`);
  return toRestore(row);
}

/** Ids of those that are not at their end, oldest first. */
export async function listOpenRestores(registry: Registry): Promise<readonly number[]> {
  const rows = await registry.archiveRestore.findMany({
    where: { state: { in: ['PLANNED', 'WAITING', 'RUNNING'] } },
    select: { id: true },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ id }) => safeInteger(id));
}

/** Units that these parts belong to. */
export async function listUnitsOfParts(registry: Registry, partIds: readonly number[]): Promise<readonly number[]> {
  const rows = await registry.archivePart.findMany({ where: { id: { in: [...partIds] } }, select: { unitId: true } });
  return rows.map(({ unitId }) => safeInteger(unitId));
}

/** PLANNED, WAITING or RUNNING → WAITING or RUNNING. @returns false when it has come to an end meanwhile */
export async function moveRestore(registry: Registry, id: number, state: 'WAITING' | 'RUNNING'): Promise<boolean> {
  const changed = await registry.$executeRaw`
    update registry.archive_restore set state = ${state}::registry.restore_state
     where id = ${id} and state in ('PLANNED', 'WAITING', 'RUNNING')`;
  return changed === 1;
}

/** Why the last attempt did not get further; the next one tries again. */
export async function noteRestoreError(
  registry: Registry,
  id: number,
  { code, text }: { readonly code: ErrorCode; readonly text: string },
): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_restore set error_code = ${code}, error_text = ${storableText(text)}
     where id = ${id} and state in ('PLANNED', 'WAITING', 'RUNNING')`;
}

/** RUNNING → DONE, once every part is restored or skipped. */
export async function finishRestore(registry: PrismaClient, id: number): Promise<void> {
  await registry.$transaction(async (transaction) => {
    const changed = await transaction.$executeRaw`
      update registry.archive_restore r
         set state = 'DONE', finished_at = now(), error_code = null, error_text = null
       where id = ${id} and state = 'RUNNING'
         and not exists (select from registry.archive_restore_part p
                          where p.restore_id = r.id and p.state not in ('RESTORED', 'SKIPPED'))`;
    if (changed !== 1) throw new AppError('ILLEGAL_STATE', `restore ${id} is not RUNNING with every part restored`);
    const row = await transaction.archiveRestore.findUniqueOrThrow({ where: { id }, include: restoreInclude });
    const rows = row.parts.reduce((sum, part) => sum + (safeIntegerOrNull(part.rows) ?? 0), 0);
    const detail = { source: row.source, target: row.targetKey, parts: row.parts.length, rows };
    const subject = `restore/${id}`;
    await recordAudit(transaction, { actor: row.requestedBy, action: 'restore.done', subject, detail });
  });
}

/** PLANNED, WAITING or RUNNING → FAILED: it needs a person. What was restored so far stays, and is on record. */
export async function failRestore(
  registry: Registry,
  id: number,
  { code, text }: { readonly code: ErrorCode; readonly text: string },
): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_restore
       set state = 'FAILED', finished_at = now(), error_code = ${code}, error_text = ${storableText(text)}
     where id = ${id} and state in ('PLANNED', 'WAITING', 'RUNNING')`;
}

/** @throws AppError NOT_FOUND, ILLEGAL_STATE when it has come to its end before */
export async function cancelRestore(
  registry: PrismaClient,
  { id, actor }: { readonly id: number; readonly actor: string },
): Promise<RestoreRecord> {
  return registry.$transaction(async (transaction) => {
    const changed = await transaction.$executeRaw`
      update registry.archive_restore set state = 'CANCELLED', finished_at = now()
       where id = ${id} and state in ('PLANNED', 'WAITING', 'RUNNING')`;
    const restore = await findRestore(transaction, id);
    if (changed === 0) throw new AppError('ILLEGAL_STATE', `restore ${id} is ${restore.state}: it is not cancelled`);
    await recordAudit(transaction, { actor, action: 'restore.cancelled', subject: `restore/${id}` });
    return restore;
  });
}

interface PartOfRestore {
  readonly restoreId: number;
  readonly partId: number;
}

/** PENDING → REQUESTED: a readable copy of the cold object was asked for. */
export async function markRestorePartRequested(
  registry: Registry,
  { restoreId, partId }: PartOfRestore,
): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_restore_part set state = 'REQUESTED', requested_at = coalesce(requested_at, now())
     where restore_id = ${restoreId} and part_id = ${partId} and state in ('PENDING', 'REQUESTED', 'READY')`;
}

/** PENDING or REQUESTED → READY: the object can be read. */
export async function markRestorePartReady(registry: Registry, { restoreId, partId }: PartOfRestore): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_restore_part set state = 'READY'
     where restore_id = ${restoreId} and part_id = ${partId} and state in ('PENDING', 'REQUESTED', 'READY')`;
}

/** → RESTORED or SKIPPED: after the commit in the target, or what that commit's record there says. */
export async function settleRestorePart(
  registry: Registry,
  part: PartOfRestore & {
    readonly state: 'RESTORED' | 'SKIPPED';
    readonly rows: number;
    readonly detail: Prisma.InputJsonObject;
  },
): Promise<void> {
  const { restoreId, partId, state, rows, detail } = part;
  const changed = await registry.$executeRaw`
    update registry.archive_restore_part
       set state = ${state}::registry.restore_part_state, restored_at = now(), rows = ${rows},
           detail = ${JSON.stringify(detail)}::jsonb
     where restore_id = ${restoreId} and part_id = ${partId} and state in ('PENDING', 'REQUESTED', 'READY')`;
  if (changed !== 1) throw new AppError('ILLEGAL_STATE', `part ${partId} of restore ${restoreId} is settled already`);
}

/**
 * Parts of a unit that were put back into the table that they were purged from, each with the purge after which that was:
 * the `returnedAfter` of its record.
 */
export async function listReturnedParts(registry: Registry, unitId: number): Promise<ReadonlyMap<number, number>> {
  const rows = await registry.$queryRaw<{ partId: bigint; deletionId: bigint }[]>`
    select r.part_id as "partId", max((r.detail ->> 'returnedAfter')::bigint) as "deletionId"
      from registry.archive_restore_part r
      join registry.archive_part p on p.id = r.part_id
     where p.unit_id = ${unitId} and r.state = 'RESTORED' and r.detail ->> 'returnedAfter' is not null
     group by r.part_id`;
  return new Map(rows.map(({ partId, deletionId }) => [safeInteger(partId), safeInteger(deletionId)]));
}

/** The unit's rows are in their table again, or about to be: no purge deletes them before `until`. Never shortened. */
export async function keepUnit(registry: Registry, unitId: number, until: Date): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_unit set keep_until = greatest(keep_until, ${until}::timestamptz) where id = ${unitId}`;
}

function toRestore(row: RestoreRow): RestoreRecord {
  return {
    ...row,
    id: safeInteger(row.id),
    parts: row.parts.map(({ partId, part, state, requestedAt, restoredAt, rows, detail }) => ({
      partId: safeInteger(partId),
      unitId: safeInteger(part.unitId),
      state,
      requestedAt,
      restoredAt,
      rows: safeIntegerOrNull(rows),
      detail,
    })),
  };
}
