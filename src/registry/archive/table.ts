import type { Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';

/** A table of a source database, by name. */
export interface TableName {
  readonly source: string;
  readonly schema: string;
  readonly table: string;
}

/** @returns the table's number in the registry, made where it is new */
export async function ensureTable(registry: Registry, { source, schema, table }: TableName): Promise<number> {
  const rows = await registry.$queryRaw<{ id: number }[]>`
    insert into registry.archive_table (source, schema_name, table_name) values (${source}, ${schema}, ${table})
    on conflict (source, schema_name, table_name) do update set source = excluded.source
    returning id`;
  return rows[0]?.id ?? 0;
}

/** Keeps what the last plan saw of a table, for the status of dashboards that must not ask the source itself. */
export async function recordTableFacts(
  registry: Registry,
  tableId: number,
  facts: Prisma.InputJsonObject,
): Promise<void> {
  await registry.archiveTable.update({ where: { id: tableId }, data: { facts, factsAt: new Date() } });
}
