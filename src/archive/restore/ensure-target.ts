import type pg from 'pg';
import { AppError, isAppError } from '../../errors.ts';
import { definitionDdl } from '../source/definition-ddl.ts';
import { inSourceTransaction } from '../source/source-transaction.ts';
import { readDefinition, type TableDefinition, type TableName } from '../source/table-definition.ts';
import { clearWatermark } from './watermark.ts';

/**
 * The target as it is; where it is absent it is made from the archived definition.
 * @returns what could not be made as it was, for people
 */
export async function ensureTarget(
  pool: pg.Pool,
  { target, archived }: { readonly target: TableName; readonly archived: TableDefinition },
): Promise<readonly string[]> {
  return inSourceTransaction(pool, async (client) => {
    if ((await findTarget(client, target)) !== undefined) return [];
    const { statements, notes } = definitionDdl(archived, target);
    for (const statement of statements) await create(client, statement, target);
    await clearWatermark(client, target);
    return notes;
  });
}

/** The target's definition; undefined where there is no such table. @throws AppError as readDefinition */
export async function findTarget(client: pg.ClientBase, target: TableName): Promise<TableDefinition | undefined> {
  try {
    return await readDefinition(client, target);
  } catch (error) {
    if (isAppError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

async function create(client: pg.PoolClient, statement: string, { schema, table }: TableName): Promise<void> {
  try {
    // By the extended protocol, which takes one statement: no default or check on record brings along another.
    await client.query({ text: statement, queryMode: 'extended' } as pg.QueryConfig);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      'SCHEMA_DRIFTED',
      `${schema}.${table} cannot be made from its archived definition: ${why} (${statement.slice(0, 300)})`,
      { cause },
    );
  }
}
