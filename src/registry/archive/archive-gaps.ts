import { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { firstDay } from './begin-unit.ts';
import { selectionSql, type UnitSelection } from './selection.ts';

export interface MonthGap {
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  /** `2026-01`. */
  readonly month: string;
  /** That the last plan saw in the table. */
  readonly rows: number;
}

/** More gaps than these say no more than their number. */
const maxGaps = 1_000;

/** Months with rows between a table's first and last archived month that are no unit. */
export async function listMonthGaps(
  registry: Registry,
  { source, tableIds, from, to }: UnitSelection,
): Promise<readonly MonthGap[]> {
  const rows = await registry.$queryRaw<(Omit<MonthGap, 'rows'> & { readonly rows: bigint })[]>`
    select t.source, t.schema_name as "schema", t.table_name as "table", f.month, f.rows
      from registry.archive_table t
      join (select table_id, to_char(min(period), 'YYYY-MM') as first, to_char(max(period), 'YYYY-MM') as last
              from registry.archive_unit where mode = 'monthly' and state in ('VERIFIED', 'PURGED')
             group by table_id) a on a.table_id = t.id
     cross join lateral jsonb_to_recordset(t.facts -> 'months') as f (month text, rows bigint)
     where f.rows > 0 and f.month > a.first and f.month < a.last
       and ${selectionSql({ source, tableIds })}
       and ${from === undefined ? Prisma.sql`true` : Prisma.sql`f.month >= ${from}`}
       and ${to === undefined ? Prisma.sql`true` : Prisma.sql`f.month <= ${to}`}
       and not exists (select from registry.archive_unit u
                        where u.table_id = t.id and u.mode = 'monthly' and u.period = to_date(f.month, 'YYYY-MM'))
     order by 1, 2, 3, 4
     limit ${maxGaps}`;
  return rows.map((row) => ({ ...row, rows: safeInteger(row.rows) }));
}

/** Months of a source with parts that were proved before `before`, and no manifest at all. */
export async function listMonthsWithoutManifest(
  registry: Registry,
  { before, ...selection }: UnitSelection & { readonly before: Date },
): Promise<readonly { readonly source: string; readonly month: string }[]> {
  return registry.$queryRaw<{ source: string; month: string }[]>`
    select distinct t.source, to_char(u.period, 'YYYY-MM') as month
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where p.verified_at < ${before} and p.state in ('STORED', 'VERIFIED') and ${selectionSql(selection)}
       and not exists (select from registry.archive_manifest m
                        where m.source = t.source and m.period = u.period and m.state in ('STORED', 'EXPIRED'))
     order by 1, 2
     limit ${maxGaps}`;
}

/** Months of a source with parts that were proved, or locked otherwise, after their newest manifest was made; oldest first. */
export async function listUnrecordedMonths(registry: Registry, source: string): Promise<readonly string[]> {
  const rows = await registry.$queryRaw<{ month: string }[]>`
    select distinct to_char(u.period, 'YYYY-MM') as month
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where t.source = ${source} and u.state in ('VERIFIED', 'PURGED') and p.state = 'VERIFIED'
       and not exists (select from registry.archive_manifest m
                        where m.source = t.source and m.period = u.period and m.created_at >= greatest(p.verified_at, p.locked_at))
     order by 1
     limit ${maxGaps}`;
  return rows.map(({ month }) => month);
}

/** Months of a source with proved parts whose lock was made longer or stronger after their newest manifest; oldest first. */
export async function listMonthsWithNewLocks(registry: Registry, source: string): Promise<readonly string[]> {
  const rows = await registry.$queryRaw<{ month: string }[]>`
    select to_char(u.period, 'YYYY-MM') as month
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where t.source = ${source} and p.state in ('STORED', 'VERIFIED') and p.verified_at is not null
     group by u.period
    having max(p.locked_at) > (select max(m.created_at) from registry.archive_manifest m
                                where m.source = ${source} and m.period = u.period)
     order by 1`;
  return rows.map(({ month }) => month);
}

export interface ProvedPart {
  readonly key: string;
  readonly versionId: string;
  readonly sha256: string;
}

/** Parts of one month that were proved before `before`: its newest manifest has to name them. */
export async function listProvedParts(
  registry: Registry,
  { source, month, before }: { readonly source: string; readonly month: string; readonly before: Date },
): Promise<readonly ProvedPart[]> {
  return registry.$queryRaw<ProvedPart[]>`
    select p.key, p.version_id as "versionId", p.sha256
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
      join registry.archive_table t on t.id = u.table_id
     where t.source = ${source} and u.period = ${firstDay(month)}::date
       and p.state in ('STORED', 'VERIFIED') and p.verified_at < ${before}
     order by p.key`;
}
