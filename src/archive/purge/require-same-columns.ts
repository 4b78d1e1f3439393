import type pg from 'pg';
import { quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import type { UnitQuery } from '../export/unit-query.ts';

/**
 * That the table was not altered since its definition was read: a column that came meanwhile would be deleted without
 * being proved. The caller's transaction holds a lock that keeps it from being altered from here on.
 * @throws AppError SCHEMA_DRIFTED
 */
export async function requireSameColumns(
  client: pg.PoolClient,
  { schema, table }: Pick<WholeUnit, 'schema' | 'table'>,
  { columns }: Pick<UnitQuery, 'columns'>,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [quoteQualified(schema, table)],
  );
  if (rows.length === columns.length && rows.every((row, i) => row.name === columns[i])) return;
  throw new AppError('SCHEMA_DRIFTED', `${schema}.${table} was altered while it was purged: run again`);
}
