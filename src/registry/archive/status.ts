import { Prisma } from '../generated/client.ts';
import type { ArchiveMode, UnitState } from '../generated/enums.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { firstDay } from './begin-unit.ts';
import type { LockMode } from './unit-record.ts';

export interface StatusFilter {
  readonly source?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  /** First and last month, `2026-01`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** A table that was planned or archived, with the sums over all its months. */
export interface TableStatusRow {
  /** To go on from. */
  readonly id: number;
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  /** That archives it, as far as the last plan knew; null where none does any more. */
  readonly policy: string | null;
  /** The policy's schedule, in UTC. */
  readonly schedule: string | null;
  /** When the last plan looked at the table. */
  readonly factsAt: Date | null;
  /** With rows, as the last plan saw it, and not archived; null: none that is known. */
  readonly oldestUnarchivedMonth: string | null;
  readonly firstMonth: string | null;
  readonly lastMonth: string | null;
  readonly units: number;
  readonly failedUnits: number;
  readonly parts: number;
  readonly rows: number;
  readonly bytes: number;
  readonly textBytes: number;
}

/** One month, or snapshot, of a table. */
export interface MonthStatusRow {
  readonly tableId: number;
  readonly unitId: number;
  readonly month: string;
  readonly mode: ArchiveMode;
  readonly state: UnitState;
  /** Of the parts that are in the bucket. */
  readonly parts: number;
  readonly rows: number;
  readonly bytes: number;
  readonly textBytes: number;
  readonly expiredParts: number;
  /** As uploaded; what the lifecycle has made of them since is the bucket's to say. */
  readonly storageClasses: readonly string[];
  readonly lockMode: LockMode | null;
  readonly lockedUntil: Date;
  readonly verifiedAt: Date | null;
  /** When the part that was looked at least recently was; null: one of them never was, since it was proved. */
  readonly validatedAt: Date | null;
  /** `full`: that is when every part was read; `head`: some were only looked at. */
  readonly validatedLevel: 'full' | 'head' | null;
  /** Parts whose proof does not hold any more. */
  readonly doubtedParts: number;
  readonly purgedAt: Date | null;
  readonly purgedRows: number;
  /** Purged rows wait in a side table until then. */
  readonly undoUntil: Date | null;
  /** Rows that a restore put back are not purged before. */
  readonly keepUntil: Date | null;
  /** Ids of the holds in force on it, and how many of its parts have the legal hold. */
  readonly holds: readonly number[];
  readonly heldParts: number;
  readonly attempts: number;
  readonly errorCode: string | null;
  readonly errorText: string | null;
}

type Raw<Row, Big extends keyof Row> = Omit<Row, Big> & { readonly [K in Big]: bigint };

/** Whether a month of the filter: `from` and `to` narrow months and sums, the rest narrows tables. */
function monthSql({ from, to }: StatusFilter): Prisma.Sql {
  return Prisma.sql`
    ${from === undefined ? Prisma.sql`true` : Prisma.sql`u.period >= ${firstDay(from)}::date`}
    and ${to === undefined ? Prisma.sql`true` : Prisma.sql`u.period <= ${firstDay(to)}::date`}`;
}

/** In the order of their ids; a page. */
export async function listTableStatus(
  registry: Registry,
  filter: StatusFilter,
  { limit, cursor = 0 }: Page,
): Promise<readonly TableStatusRow[]> {
  const { source, schema, table } = filter;
  const rows = await registry.$queryRaw<
    Raw<TableStatusRow, 'units' | 'failedUnits' | 'parts' | 'rows' | 'bytes' | 'textBytes'>[]
  >`
    with chosen as (
      select * from registry.archive_table t
       where t.id > ${cursor}
         and ${source === undefined ? Prisma.sql`true` : Prisma.sql`t.source = ${source}`}
         and ${schema === undefined ? Prisma.sql`true` : Prisma.sql`t.schema_name = ${schema}`}
         and ${table === undefined ? Prisma.sql`true` : Prisma.sql`t.table_name = ${table}`}
       order by t.id
       limit ${limit}),
    sums as (
      select u.table_id, count(distinct u.id) as units, count(distinct u.id) filter (where u.state = 'FAILED') as failed,
             min(u.period) as first, max(u.period) as last, count(p.id) as parts, sum(p.rows) as rows,
             sum(p.size_bytes) as bytes, sum(p.text_bytes) as text_bytes
        from registry.archive_unit u
        left join registry.archive_part p on p.unit_id = u.id and p.state in ('STORED', 'VERIFIED')
       where u.table_id in (select id from chosen) and ${monthSql(filter)}
       group by u.table_id)
    select t.id, t.source, t.schema_name as "schema", t.table_name as "table", y.name as "policy",
           y.settings ->> 'schedule' as "schedule", t.facts_at as "factsAt", f.month as "oldestUnarchivedMonth",
           to_char(s.first, 'YYYY-MM') as "firstMonth", to_char(s.last, 'YYYY-MM') as "lastMonth",
           coalesce(s.units, 0) as "units", coalesce(s.failed, 0) as "failedUnits", coalesce(s.parts, 0) as "parts",
           coalesce(s.rows, 0)::bigint as "rows", coalesce(s.bytes, 0)::bigint as "bytes",
           coalesce(s.text_bytes, 0)::bigint as "textBytes"
      from chosen t
      left join sums s on s.table_id = t.id
      left join registry.archive_policy y on y.name = t.facts ->> 'policy' and y.removed_at is null
      left join lateral (
        select min(m.month) as month
          from jsonb_to_recordset(t.facts -> 'months') as m (month text, rows bigint)
         where m.rows > 0
           and not exists (select from registry.archive_unit u
                            where u.table_id = t.id and u.mode = 'monthly' and u.state in ('VERIFIED', 'PURGED')
                              and u.period = to_date(m.month, 'YYYY-MM'))) f on true
     order by t.id`;
  return rows.map((row) => ({
    ...row,
    units: safeInteger(row.units),
    failedUnits: safeInteger(row.failedUnits),
    parts: safeInteger(row.parts),
    rows: safeInteger(row.rows),
    bytes: safeInteger(row.bytes),
    textBytes: safeInteger(row.textBytes),
  }));
}

/** Every month of these tables that the filter names, by table and month. */
export async function listMonthStatus(
  registry: Registry,
  tableIds: readonly number[],
  { filter, now }: { readonly filter: StatusFilter; readonly now: Date },
): Promise<readonly MonthStatusRow[]> {
  const rows = await registry.$queryRaw<
    Raw<
      MonthStatusRow,
      'unitId' | 'parts' | 'rows' | 'bytes' | 'textBytes' | 'expiredParts' | 'doubtedParts' | 'purgedRows' | 'heldParts'
    >[]
  >`
    with units as (
      select u.*, t.source, t.schema_name || '.' || t.table_name as name
        from registry.archive_unit u
        join registry.archive_table t on t.id = u.table_id
       where u.table_id = any(${[...tableIds]}::int[]) and ${monthSql(filter)}),
    parts as (
      select p.unit_id, count(*) filter (where p.state in ('STORED', 'VERIFIED')) as parts,
             sum(p.rows) filter (where p.state in ('STORED', 'VERIFIED')) as rows,
             sum(p.size_bytes) filter (where p.state in ('STORED', 'VERIFIED')) as bytes,
             sum(p.text_bytes) filter (where p.state in ('STORED', 'VERIFIED')) as text_bytes,
             count(*) filter (where p.state = 'EXPIRED') as expired,
             count(*) filter (where p.state = 'STORED' and p.verified_at is not null) as doubted,
             count(*) filter (where p.legal_hold and p.state <> 'EXPIRED') as held,
             array_agg(distinct p.storage_class order by p.storage_class) as classes,
             min(p.lock_mode) as lock_mode, max(p.retain_until) as retain_until,
             case when bool_and(p.validated_at is not null) then min(p.validated_at) end as validated_at,
             case when not bool_and(p.validated_at is not null) then null
                  when bool_and(p.validated_level = 'full') then 'full' else 'head' end as validated_level
        from registry.archive_part p
       where p.unit_id in (select id from units) and p.state <> 'REPLACED'
       group by p.unit_id),
    deleted as (
      select unit_id, sum(rows) as rows from registry.archive_deletion
       where state = 'COMMITTED' and unit_id in (select id from units)
       group by unit_id)
    select u.table_id as "tableId", u.id as "unitId", to_char(u.period, 'YYYY-MM') as "month", u.mode::text as "mode",
           u.state::text as "state", coalesce(p.parts, 0) as "parts", coalesce(p.rows, 0)::bigint as "rows",
           coalesce(p.bytes, 0)::bigint as "bytes", coalesce(p.text_bytes, 0)::bigint as "textBytes",
           coalesce(p.expired, 0) as "expiredParts", coalesce(p.classes, '{}') as "storageClasses",
           p.lock_mode as "lockMode", coalesce(p.retain_until, u.retain_until) as "lockedUntil",
           u.verified_at as "verifiedAt", p.validated_at as "validatedAt", p.validated_level as "validatedLevel",
           coalesce(p.doubted, 0) as "doubtedParts", u.purged_at as "purgedAt",
           coalesce(d.rows, 0)::bigint as "purgedRows",
           (select max(n.drop_after) from registry.archive_undo n
             where n.unit_id = u.id and n.dropped_at is null) as "undoUntil",
           u.keep_until as "keepUntil",
           array(select h.id from registry.archive_hold h
                  where h.source = u.source and h.released_at is null and (h.until is null or h.until > ${now})
                    and (h.table_name is null or h.table_name = u.name)
                    and (h.from_period is null or h.from_period <= u.period)
                    and (h.to_period is null or u.period <= h.to_period)
                  order by h.id) as "holds",
           coalesce(p.held, 0) as "heldParts", u.attempts, u.error_code as "errorCode", u.error_text as "errorText"
      from units u
      left join parts p on p.unit_id = u.id
      left join deleted d on d.unit_id = u.id
     order by u.table_id, u.period, u.mode`;
  return rows.map((row) => ({
    ...row,
    unitId: safeInteger(row.unitId),
    parts: safeInteger(row.parts),
    rows: safeInteger(row.rows),
    bytes: safeInteger(row.bytes),
    textBytes: safeInteger(row.textBytes),
    expiredParts: safeInteger(row.expiredParts),
    doubtedParts: safeInteger(row.doubtedParts),
    purgedRows: safeInteger(row.purgedRows),
    heldParts: safeInteger(row.heldParts),
  }));
}
