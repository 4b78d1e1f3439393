import type { ArchiveContext } from '../../../archive/context.ts';
import { archiveDdl } from '../../../archive/query/ddl.ts';
import type { TableDefinition } from '../../../archive/source/table-definition.ts';
import { toAppError } from '../../../errors.ts';
import { findDefinitions } from '../../../registry/archive/definition.ts';
import { listUnits } from '../../../registry/archive/list-units.ts';
import type { Teller } from '../tell.ts';

/** A question to the parquet files as they are, by an engine that knows nothing of us. */
export async function queryInPlace(archive: ArchiveContext, folder: string, tell: Teller): Promise<void> {
  const [unit] = await listUnits(archive.registry, { source: 'ledger', table: 'credits' }, { limit: 1 });
  const definitions = await findDefinitions(archive.registry, unit === undefined ? [] : [unit.definitionSha256]);
  const definition = definitions.get(unit?.definitionSha256 ?? '') as unknown as TableDefinition;
  const { bucket, prefix } = archive.destination;
  const destination = { bucket, prefix, root: folder };
  const ddl = archiveDdl({ dialect: 'duckdb', destination, source: 'ledger', definition, layout: 'hive' });
  const duckdb = await loadDuckDb();
  if (duckdb === undefined) {
    tell.line('DuckDB is not installed here (npm ci --omit=dev): billvault archive ddl duckdb prints the view');
    return;
  }
  const connection = await (await duckdb.DuckDBInstance.create()).connect();
  await connection.run(ddl);
  const view = /create (?:or replace )?view\s+(\S+)/i.exec(ddl)?.[1] ?? '';
  const sql = `select year, month, count(*) as rows, sum(amount) as amount from ${view} group by all order by all`;
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  tell.line(sql);
  for (const row of rows) tell.line(`  ${row.join('  ')}`);
  connection.closeSync();
}

/** It is there for tests and demo only. */
async function loadDuckDb() {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    void toAppError(error);
    return undefined;
  }
}
