import type pg from 'pg';
import { AppError } from '../../errors.ts';
import type { TableName } from './table-definition.ts';

/** A database with more is no ledger; its list would not fit on any plan. */
const maxTables = 20_000;

/**
 * The tables of a source database whose rows may be archived by themselves. Partitions and inheriting tables are not among
 * them: their rows are read through their parent; nor is what the archive itself keeps there.
 * @throws AppError BAD_INPUT for too many
 */
export async function listTables(client: pg.ClientBase | pg.Pool): Promise<readonly TableName[]> {
  const { rows } = await client.query<TableName>(
    `select n.nspname as schema, c.relname as table
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'billvault_undo', 'billvault_restore')
       and not exists (select from pg_inherits i where i.inhrelid = c.oid)
     order by 1, 2 limit ${maxTables + 1}`,
  );
  if (rows.length > maxTables) throw new AppError('BAD_INPUT', `the source database has more than ${maxTables} tables`);
  return rows;
}
