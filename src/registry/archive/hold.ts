import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { day } from '../instant.ts';
import type { Registry } from '../registry.ts';
import { firstDay } from './begin-unit.ts';

export interface Hold {
  readonly id: number;
  readonly source: string;
  /** `schema.table`; null: every table of the source. */
  readonly table: string | null;
  /** First and last month, `2026-01`; null: open on that side. */
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string;
  readonly placedBy: string;
  readonly placedAt: Date;
  readonly until: Date | null;
  readonly releasedAt: Date | null;
  readonly releasedBy: string | null;
  readonly releaseReason: string | null;
}

export type NewHold = Pick<Hold, 'source' | 'table' | 'from' | 'to' | 'reason' | 'until'> & { readonly actor: string };

export async function placeHold(registry: PrismaClient, hold: NewHold): Promise<Hold> {
  const { source, table, from, to, reason, until, actor } = hold;
  return registry.$transaction(async (transaction) => {
    const row = await transaction.archiveHold.create({
      data: {
        source,
        tableName: table,
        fromPeriod: from === null ? null : firstDay(from),
        toPeriod: to === null ? null : firstDay(to),
        reason,
        until,
        placedBy: actor,
      },
    });
    const detail = { source, table, from, to, reason, until: until?.toISOString() ?? null };
    await recordAudit(transaction, { actor, action: 'hold.placed', subject: `hold/${row.id}`, detail });
    return toHold(row);
  });
}

/** @throws AppError NOT_FOUND, ILLEGAL_STATE when it was released before */
export async function releaseHold(
  registry: PrismaClient,
  { id, actor, reason }: { readonly id: number; readonly actor: string; readonly reason: string },
): Promise<Hold> {
  return registry.$transaction(async (transaction) => {
    const changed = await transaction.$executeRaw`
      update registry.archive_hold set released_at = now(), released_by = ${actor}, release_reason = ${reason}
       where id = ${id} and released_at is null`;
    const row = await transaction.archiveHold.findUnique({ where: { id } });
    if (row === null) throw new AppError('NOT_FOUND', `there is no hold ${id}`);
    if (changed === 0)
      throw new AppError('ILLEGAL_STATE', `hold ${id} was released at ${row.releasedAt?.toISOString()}`);
    await recordAudit(transaction, { actor, action: 'hold.released', subject: `hold/${id}`, detail: { reason } });
    return toHold(row);
  });
}

/** Holds in force at `now`; without it all that there ever were. */
export async function listHolds(
  registry: Registry,
  { source, now }: { readonly source?: string | undefined; readonly now?: Date | undefined },
): Promise<readonly Hold[]> {
  const inForce = { releasedAt: null, ...(now === undefined ? {} : { OR: [{ until: null }, { until: { gt: now } }] }) };
  const rows = await registry.archiveHold.findMany({
    where: { ...(source === undefined ? {} : { source }), ...(now === undefined ? {} : inForce) },
    orderBy: { id: 'asc' },
  });
  return rows.map(toHold);
}

/** Holds whose time is over and that nobody has released. */
export async function listEndedHolds(registry: Registry, now: Date): Promise<readonly Hold[]> {
  const rows = await registry.archiveHold.findMany({
    where: { releasedAt: null, until: { lte: now } },
    orderBy: { id: 'asc' },
  });
  return rows.map(toHold);
}

function toHold(row: Prisma.ArchiveHoldGetPayload<object>): Hold {
  const { tableName, fromPeriod, toPeriod, ...rest } = row;
  return { ...rest, table: tableName, from: month(fromPeriod), to: month(toPeriod) };
}

function month(date: Date | null): string | null {
  return date === null ? null : day(date).slice(0, 7);
}
