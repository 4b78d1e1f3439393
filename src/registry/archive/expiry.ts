import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import { Prisma, type PrismaClient } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** A stored object whose retention is over, and that no hold covers. */
export interface ExpiredObject {
  readonly kind: 'part' | 'manifest';
  readonly id: number;
  readonly source: string;
  /** `schema.table`; null of a manifest. */
  readonly table: string | null;
  /** `2026-01`. */
  readonly month: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly storedAt: Date;
  readonly retainUntil: Date;
}

const objects = {
  part: Prisma.sql`(
    select p.id, t.source, t.schema_name || '.' || t.table_name as table_name, u.period, p.bucket, p.key, p.version_id,
           coalesce(p.stored_at, p.created_at) as stored_at, p.retain_until, p.legal_hold
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where p.state in ('STORED', 'VERIFIED')
        or (p.state = 'REPLACED' and p.version_id is not null and p.expired_at is null))`,
  manifest: Prisma.sql`(
    select id, source, null::text as table_name, period, bucket, key, version_id,
           coalesce(stored_at, created_at) as stored_at, retain_until, legal_hold
      from registry.archive_manifest where state = 'STORED')`,
} as const;

/**
 * By id; a page, after the id `cursor`. What a hold in force covers, and what still has the legal hold that was put on it,
 * is not over.
 */
export async function listPastRetention(
  registry: Registry,
  kind: ExpiredObject['kind'],
  { now, limit, cursor }: { readonly now: Date; readonly limit: number; readonly cursor: number },
): Promise<readonly ExpiredObject[]> {
  const rows = await registry.$queryRaw<(Omit<ExpiredObject, 'id' | 'kind'> & { readonly id: bigint })[]>`
    select o.id, o.source, o.table_name as "table", to_char(o.period, 'YYYY-MM') as "month", o.bucket, o.key,
           o.version_id as "versionId", o.stored_at as "storedAt", o.retain_until as "retainUntil"
      from ${objects[kind]} o
     where o.id > ${cursor} and o.retain_until <= ${now} and not o.legal_hold
       and not exists (
         select from registry.archive_hold h
          where h.source = o.source and h.released_at is null and (h.until is null or h.until > ${now})
            and (h.table_name is null or o.table_name is null or h.table_name = o.table_name)
            and (h.from_period is null or h.from_period <= o.period)
            and (h.to_period is null or o.period <= h.to_period))
     order by o.id
     limit ${limit}`;
  return rows.map((row) => ({ ...row, kind, id: safeInteger(row.id) }));
}

/**
 * Any stored state → EXPIRED: that nothing of it is left in the bucket was seen.
 * @throws AppError ILLEGAL_STATE when it is not stored, or its retention is not over at `now`
 */
export async function markExpired(
  registry: PrismaClient,
  object: ExpiredObject,
  { now, actor }: { readonly now: Date; readonly actor: string },
): Promise<void> {
  const { kind, id, source, table, month, key, versionId, retainUntil } = object;
  await registry.$transaction(async (transaction) => {
    const changed =
      kind === 'part'
        ? await transaction.$executeRaw`
            update registry.archive_part
               set state = case when state = 'REPLACED' then state else 'EXPIRED' end, expired_at = ${now}
             where id = ${id} and state in ('STORED', 'VERIFIED', 'REPLACED') and retain_until <= ${now} and not legal_hold`
        : await transaction.$executeRaw`
            update registry.archive_manifest set state = 'EXPIRED', expired_at = ${now}
             where id = ${id} and state = 'STORED' and retain_until <= ${now} and not legal_hold`;
    if (changed !== 1)
      throw new AppError('ILLEGAL_STATE', `archive ${kind} ${id} is not stored and past its retention`);
    await recordAudit(transaction, {
      actor,
      action: 'archive.expired',
      subject: `${kind}/${id}`,
      detail: { source, table, month, key, versionId, retainUntil: retainUntil.toISOString() },
    });
  });
}
