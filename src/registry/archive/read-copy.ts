import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** A unit whose work goes on when readable copies of parts of it are there. */
export interface AwaitingUnit {
  readonly id: number;
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  /** `2026-01`. */
  readonly month: string;
  /** When the last of them was asked for. */
  readonly askedAt: Date;
  readonly parts: readonly { readonly key: string; readonly versionId: string }[];
}

/** Of a part in a cold class a readable copy was asked for. */
export async function markCopyAsked(registry: Registry, partId: number): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_part set copy_asked_at = now() where id = ${partId} and state in ('STORED', 'VERIFIED')`;
}

/** Nothing of the unit is waited for any more, but for what was asked for after `askedBefore`, in milliseconds. */
export async function forgetCopies(registry: Registry, unitId: number, askedBefore?: Date): Promise<void> {
  await registry.$executeRaw`
    update registry.archive_part set copy_asked_at = null
     where unit_id = ${unitId} and copy_asked_at is not null
       and date_trunc('milliseconds', copy_asked_at) <= coalesce(${askedBefore ?? null}::timestamptz, copy_asked_at)`;
}

/** Those that wait for longest first. */
export async function listAwaitingUnits(registry: Registry, limit: number): Promise<readonly AwaitingUnit[]> {
  const rows = await registry.$queryRaw<(Omit<AwaitingUnit, 'id'> & { readonly id: bigint })[]>`
    select u.id, t.source, t.schema_name as "schema", t.table_name as "table", to_char(u.period, 'YYYY-MM') as "month",
           max(p.copy_asked_at) as "askedAt",
           jsonb_agg(jsonb_build_object('key', p.key, 'versionId', p.version_id) order by p.id) as "parts"
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where p.copy_asked_at is not null and p.state in ('STORED', 'VERIFIED')
     group by u.id, t.id
     order by max(p.copy_asked_at), u.id
     limit ${limit}`;
  return rows.map((row) => ({ ...row, id: safeInteger(row.id) }));
}
