import type pg from 'pg';
import { quoteQualified } from '../../db/identifier.ts';
import type { TableName } from '../source/table-definition.ts';
import type { Partition } from './find-partition.ts';

/**
 * Only who owns a table and its partition may take them apart; a role that may merely delete does so range by range.
 * @returns the partition, undefined where there is none or the role of this session owns not both
 */
export async function ownedPartition(
  client: pg.ClientBase,
  { schema, table }: TableName,
  partition: Partition | undefined,
): Promise<Partition | undefined> {
  if (partition === undefined) return undefined;
  const { rows } = await client.query<{ owned: boolean }>(
    `select count(*) = 2 and bool_and(pg_has_role(relowner, 'USAGE')) as owned
       from pg_class where oid in (to_regclass($1), to_regclass($2))`,
    [quoteQualified(schema, table), quoteQualified(partition.schema, partition.table)],
  );
  return rows[0]?.owned === true ? partition : undefined;
}
