import { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { firstDay } from './begin-unit.ts';
import type { TableName } from './table.ts';

/** Which tables and months something is asked about; what is absent narrows nothing. */
export interface UnitSelection {
  readonly source?: string | undefined;
  /** Of tables in the registry. */
  readonly tableIds?: readonly number[] | undefined;
  /** First and last month, `2026-01`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** As a condition on `registry.archive_unit u` and `registry.archive_table t`. */
export function selectionSql({ source, tableIds, from, to }: UnitSelection): Prisma.Sql {
  const conditions = [
    ...(source === undefined ? [] : [Prisma.sql`t.source = ${source}`]),
    ...(tableIds === undefined ? [] : [Prisma.sql`t.id = any(${[...tableIds]}::int[])`]),
    ...(from === undefined ? [] : [Prisma.sql`u.period >= ${firstDay(from)}::date`]),
    ...(to === undefined ? [] : [Prisma.sql`u.period <= ${firstDay(to)}::date`]),
  ];
  return conditions.length === 0 ? Prisma.sql`true` : Prisma.join(conditions, ' and ');
}

/** Every table that was ever planned or archived, of one source or of all. */
export async function listTableNames(
  registry: Registry,
  source?: string,
): Promise<readonly (TableName & { readonly id: number })[]> {
  const rows = await registry.archiveTable.findMany({
    where: source === undefined ? {} : { source },
    select: { id: true, source: true, schemaName: true, tableName: true },
    orderBy: [{ source: 'asc' }, { schemaName: 'asc' }, { tableName: 'asc' }],
  });
  return rows.map(({ schemaName, tableName, ...row }) => ({ ...row, schema: schemaName, table: tableName }));
}
