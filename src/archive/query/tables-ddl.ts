import { AppError } from '../../errors.ts';
import { findDefinitions } from '../../registry/archive/definition.ts';
import { listQueryableTables, type QueryableTable } from '../../registry/archive/list-archived-tables.ts';
import type { TableName } from '../../registry/archive/table.ts';
import type { ArchiveContext } from '../context.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { archiveDdl, type Dialect } from './ddl.ts';

export interface TablesDdlRequest {
  readonly dialect: Dialect;
  /** Which tables; absent: every one that is archived. */
  readonly wanted: Partial<TableName>;
  /** Stands for `s3://<bucket>` where the archive was downloaded. */
  readonly root?: string | undefined;
}

export interface TableDdl extends TableName {
  readonly layout: QueryableTable['layout'];
  readonly sql: string;
}

/** Years ahead that Athena is told to look for. */
const yearsAhead = 10;

/**
 * SQL that makes archived tables readable where they lie, one text a table.
 * @throws AppError NOT_FOUND when nothing of them is archived yet, BAD_INPUT where the engine cannot read the layout
 */
export async function tablesDdl(
  context: ArchiveContext,
  { dialect, wanted, root }: TablesDdlRequest,
): Promise<readonly TableDdl[]> {
  const { registry, destination } = context;
  const tables = await listQueryableTables(registry, wanted);
  if (tables.length === 0)
    throw new AppError('NOT_FOUND', 'nothing of it is archived yet: see billvault archive units');
  const digests = tables.map(({ definitionSha256 }) => definitionSha256);
  const definitions = (await findDefinitions(registry, digests)) as unknown as ReadonlyMap<string, TableDefinition>;
  const place = { bucket: destination.bucket, prefix: destination.prefix, ...(root === undefined ? {} : { root }) };
  return tables.map(({ source, schema, table, layout, definitionSha256, spills, firstMonth }) => {
    const definition = definitions.get(definitionSha256);
    if (definition === undefined) {
      throw new AppError('INTERNAL', `definition ${definitionSha256} of ${source}/${schema}.${table} is not on record`);
    }
    const years = { from: Number(firstMonth.slice(0, 4)), to: context.now().getUTCFullYear() + yearsAhead };
    const spilled = Object.assign({}, ...spills);
    const sql = archiveDdl({ dialect, destination: place, source, definition, layout, spills: spilled, years });
    return { source, schema, table, layout, sql };
  });
}
