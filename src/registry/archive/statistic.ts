import { Prisma } from '../generated/client.ts';
import { day } from '../instant.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import type { TableName } from './table.ts';

/** What a table's archive was in one week. */
export interface ArchiveStatisticRecord extends TableName {
  /** Its Monday, `2026-11-16`. */
  readonly week: string;
  /** With at least one part in the bucket. */
  readonly units: number;
  readonly parts: number;
  readonly rows: number;
  readonly bytes: number;
  /** Of the same rows as the database printed them: `textBytes / bytes` is what compression saves. */
  readonly textBytes: number;
}

/**
 * Takes stock of every table's archive for the week that begins on `monday`; once more in the same week, the later count
 * stands. @returns the number of tables
 */
export async function recordStatistics(registry: Registry, monday: Date): Promise<number> {
  return registry.$executeRaw`
    insert into registry.archive_statistic (table_id, week, units, parts, rows, bytes, text_bytes)
    select u.table_id, ${monday}::date, count(distinct u.id), count(*), sum(p.rows), sum(p.size_bytes), sum(p.text_bytes)
      from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id
     where p.state in ('STORED', 'VERIFIED')
     group by u.table_id
    on conflict (table_id, week) do update
      set units = excluded.units, parts = excluded.parts, rows = excluded.rows, bytes = excluded.bytes,
          text_bytes = excluded.text_bytes`;
}

export interface StatisticFilter {
  readonly source?: string | undefined;
  /** `schema.table`. */
  readonly table?: string | undefined;
  /** First and last Monday. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Newest week first, then by name. */
export async function listStatistics(
  registry: Registry,
  { source, table, from, to }: StatisticFilter,
  { limit, offset = 0 }: { readonly limit: number; readonly offset?: number | undefined },
): Promise<readonly ArchiveStatisticRecord[]> {
  const conditions = [
    ...(source === undefined ? [] : [Prisma.sql`t.source = ${source}`]),
    ...(table === undefined ? [] : [Prisma.sql`t.schema_name || '.' || t.table_name = ${table}`]),
    ...(from === undefined ? [] : [Prisma.sql`s.week >= ${from}::date`]),
    ...(to === undefined ? [] : [Prisma.sql`s.week <= ${to}::date`]),
  ];
  const rows = await registry.$queryRaw<
    (TableName & {
      readonly week: Date;
      readonly units: number;
      readonly parts: number;
      readonly rows: bigint;
      readonly bytes: bigint;
      readonly textBytes: bigint;
    })[]
  >`
    select t.source, t.schema_name as "schema", t.table_name as "table", s.week, s.units, s.parts, s.rows, s.bytes,
           s.text_bytes as "textBytes"
      from registry.archive_statistic s
      join registry.archive_table t on t.id = s.table_id
     where ${conditions.length === 0 ? Prisma.sql`true` : Prisma.join(conditions, ' and ')}
     order by s.week desc, 1, 2, 3
     limit ${limit} offset ${offset}`;
  return rows.map((row) => ({
    ...row,
    week: day(row.week),
    rows: safeInteger(row.rows),
    bytes: safeInteger(row.bytes),
    textBytes: safeInteger(row.textBytes),
  }));
}
