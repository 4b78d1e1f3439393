import { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { firstDay } from './begin-unit.ts';
import type { StatusFilter } from './status.ts';

/** Of everything that a filter names, on whatever page it is. */
export interface StatusTotals {
  /** With units that the filter names. */
  readonly tables: number;
  readonly units: number;
  readonly failedUnits: number;
  /** In the bucket, with their rows and bytes. */
  readonly parts: number;
  readonly rows: number;
  readonly bytes: number;
  readonly textBytes: number;
}

export async function sumStatus(
  registry: Registry,
  { source, schema, table, from, to }: StatusFilter,
): Promise<StatusTotals> {
  const conditions = [
    ...(source === undefined ? [] : [Prisma.sql`t.source = ${source}`]),
    ...(schema === undefined ? [] : [Prisma.sql`t.schema_name = ${schema}`]),
    ...(table === undefined ? [] : [Prisma.sql`t.table_name = ${table}`]),
    ...(from === undefined ? [] : [Prisma.sql`u.period >= ${firstDay(from)}::date`]),
    ...(to === undefined ? [] : [Prisma.sql`u.period <= ${firstDay(to)}::date`]),
  ];
  const [sums] = await registry.$queryRaw<{ readonly [K in keyof StatusTotals]: bigint }[]>`
    select count(distinct t.id) as "tables", count(distinct u.id) as "units",
           count(distinct u.id) filter (where u.state = 'FAILED') as "failedUnits", count(p.id) as "parts",
           coalesce(sum(p.rows), 0)::bigint as "rows", coalesce(sum(p.size_bytes), 0)::bigint as "bytes",
           coalesce(sum(p.text_bytes), 0)::bigint as "textBytes"
      from registry.archive_unit u
      join registry.archive_table t on t.id = u.table_id
      left join registry.archive_part p on p.unit_id = u.id and p.state in ('STORED', 'VERIFIED')
     where ${conditions.length === 0 ? Prisma.sql`true` : Prisma.join(conditions, ' and ')}`;
  return {
    tables: safeInteger(sums?.tables ?? 0n),
    units: safeInteger(sums?.units ?? 0n),
    failedUnits: safeInteger(sums?.failedUnits ?? 0n),
    parts: safeInteger(sums?.parts ?? 0n),
    rows: safeInteger(sums?.rows ?? 0n),
    bytes: safeInteger(sums?.bytes ?? 0n),
    textBytes: safeInteger(sums?.textBytes ?? 0n),
  };
}
