import type pg from 'pg';
import { quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import { nameOf } from './key-order.ts';
import type { TableDefinition } from './table-definition.ts';

export interface TableSize {
  /** With indexes and TOAST, and with all partitions. */
  readonly sizeBytes: number;
  /** As the last analyze left it; 0 where there was none. */
  readonly estimatedRows: number;
  /** Whether the rows of a month are found without reading the others: by an index that begins with the time, or by partitions of it. */
  readonly hasTimeIndex: boolean;
  /** Of these two the index, which also finds the next row in time. */
  readonly isTimeOrdered: boolean;
}

export async function readTableSize(
  client: pg.ClientBase,
  definition: TableDefinition,
  timeColumn: string | null,
): Promise<TableSize> {
  const { rows } = await client.query<{ size: string; estimated: string; indexed: boolean; partitioned: boolean }>(
    `with recursive family as (
       select $1::regclass::oid as id
       union
       select h.inhrelid from pg_inherits h join family f on f.id = h.inhparent
     ), time as (
       select a.attnum from pg_attribute a where a.attrelid = $1::regclass and a.attname = $2
     )
     select coalesce(sum(pg_total_relation_size(c.oid)), 0)::text as size,
            coalesce(sum(greatest(c.reltuples, 0)) filter (where c.relkind = 'r'), 0)::bigint::text as estimated,
            exists (select from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am m on m.oid = ic.relam, time
                    where i.indrelid = $1::regclass and i.indkey[0] = time.attnum and i.indisvalid and i.indpred is null
                      and m.amname = 'btree') as indexed,
            exists (select from pg_partitioned_table p, time
                    where p.partrelid = $1::regclass and p.partstrat = 'r' and p.partattrs[0] = time.attnum) as partitioned
     from family join pg_class c on c.oid = family.id`,
    [quoteQualified(definition.schema, definition.table), timeColumn],
  );
  const [row] = rows;
  if (row === undefined) throw new AppError('NOT_FOUND', `there is no table ${nameOf(definition)}`);
  return {
    sizeBytes: Number(row.size),
    estimatedRows: Number(row.estimated),
    hasTimeIndex: row.indexed || row.partitioned,
    isTimeOrdered: row.indexed,
  };
}
