import type pg from 'pg';
import { quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import type { TableDefinition } from '../source/table-definition.ts';

/**
 * Whether deleting rows of this table, or of its partitions, deletes those rows and nothing else: rows that a foreign key would delete or change
 * along with them are not archived by this unit, and no proof would notice.
 * @throws AppError POLICY_INVALID naming the constraint
 */
export async function requirePurgeable(
  client: pg.PoolClient,
  { schema, table }: Pick<TableDefinition, 'schema' | 'table'>,
): Promise<void> {
  const { rows } = await client.query<{ name: string; child: string; action: string }>(
    `with recursive family as (
       select $1::regclass::oid as id
       union
       select h.inhrelid from pg_inherits h join family f on f.id = h.inhparent
     )
     select c.conname as name, c.conrelid::regclass::text as child,
            case c.confdeltype when 'c' then 'cascade' when 'n' then 'set null' else 'set default' end as action
       from pg_constraint c join family f on f.id = c.confrelid
      where c.contype = 'f' and c.confdeltype in ('c', 'n', 'd')
      order by c.conname limit 1`,
    [quoteQualified(schema, table)],
  );
  const found = rows[0];
  if (found === undefined) return;
  throw new AppError(
    'POLICY_INVALID',
    `${schema}.${table} cannot be purged: ${found.child} refers to it by ${found.name} with "on delete ${found.action}", so its rows would change unproved; archive without purge, or change the foreign key to "no action"`,
  );
}
