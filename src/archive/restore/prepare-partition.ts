import type pg from 'pg';
import { quoteQualified } from '../../db/identifier.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import { findPartition } from '../purge/find-partition.ts';
import type { TableDefinition } from '../source/table-definition.ts';

/**
 * A purge may have dropped the month's own partition: it is made again, with its own name and bounds, where the target is
 * partitioned as the archived table was.
 * @returns its name; undefined where nothing was to do
 */
export async function preparePartition(
  client: pg.PoolClient,
  {
    archived,
    target,
    unit,
  }: {
    readonly archived: TableDefinition;
    readonly target: TableDefinition;
    readonly unit: Pick<UnitRecord, 'mode' | 'month' | 'timeColumn'>;
  },
): Promise<string | undefined> {
  const partition = findPartition(archived, unit);
  const bound = archived.partitioning?.partitions.find(
    ({ schema, table }) => schema === partition?.schema && table === partition.table,
  )?.bound;
  if (partition === undefined || bound === undefined || target.partitioning === null) return undefined;
  if (target.partitioning.key !== archived.partitioning?.key || findPartition(target, unit) !== undefined) {
    return undefined;
  }
  // In another schema than the archived table's, its partitions lie beside it.
  const schema = partition.schema === archived.schema ? target.schema : partition.schema;
  const name = quoteQualified(schema, partition.table);
  const { rows } = await client.query<{ taken: boolean }>('select to_regclass($1) is not null as taken', [name]);
  if (rows[0]?.taken === true) return undefined;
  // findPartition compares the bound with one that it makes itself: no other text comes this far.
  await client.query(`create table ${name} partition of ${quoteQualified(target.schema, target.table)} ${bound}`);
  return `${schema}.${partition.table}`;
}
