import type pg from 'pg';
import { type ColumnType, columnTypes } from '../db/column-type.ts';
import { AppError } from '../errors.ts';
import type { KnownColumn } from './plan-columns.ts';

interface Row {
  readonly column_name: string;
  readonly source_name: string;
  readonly occurrence: number;
  readonly column_type: string;
  readonly in_more: boolean;
}

/** The columns that an export is known to have had, oldest first. */
export async function readKnownColumns(
  client: pg.PoolClient | pg.Pool,
  exportId: number,
): Promise<readonly KnownColumn[]> {
  const { rows } = await client.query<Row>(
    `select column_name, source_name, occurrence, column_type, in_more
       from billvault.raw_column where export_id = $1 order by first_seen_at, column_name`,
    [exportId],
  );
  return rows.map((row) => ({
    columnName: row.column_name,
    sourceName: row.source_name,
    occurrence: row.occurrence,
    columnType: toColumnType(row.column_type),
    inMore: row.in_more,
  }));
}

/** Records added and widened columns; columns are never taken off the record. */
export async function writeKnownColumns(
  client: pg.PoolClient,
  exportId: number,
  columns: readonly KnownColumn[],
): Promise<void> {
  await client.query(
    `insert into billvault.raw_column (export_id, column_name, source_name, occurrence, column_type, in_more)
     select $1, * from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::boolean[])
     on conflict (export_id, column_name) do update set column_type = excluded.column_type`,
    [
      exportId,
      columns.map((column) => column.columnName),
      columns.map((column) => column.sourceName),
      columns.map((column) => column.occurrence),
      columns.map((column) => column.columnType),
      columns.map((column) => column.inMore),
    ],
  );
}

function toColumnType(value: string): ColumnType {
  const type = columnTypes.find((candidate) => candidate === value);
  if (type === undefined) throw new AppError('DATABASE', `billvault.raw_column holds an unknown type ${value}`);
  return type;
}
