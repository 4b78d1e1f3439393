import type pg from 'pg';
import { quoteQualified } from '../../db/identifier.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import { rangeCondition, rowAlias } from '../source/range-condition.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { baseType } from '../source/writer-columns.ts';

const timeTypes = new Set(['pg_catalog.timestamptz', 'pg_catalog.timestamp', 'pg_catalog.date']);

/** Whether the target can tell the unit's month from others. */
export function knowsMonth(target: TableDefinition, { timeColumn }: Pick<UnitRecord, 'timeColumn'>): boolean {
  const column = target.columns.find(({ name }) => name === timeColumn);
  return column !== undefined && timeTypes.has(baseType(column, target.userTypes).typeName);
}

/** Rows of the unit's month in the target; of all of it where it does not know the month. */
export async function countMonth(
  client: pg.ClientBase,
  target: TableDefinition,
  unit: Pick<UnitRecord, 'timeColumn' | 'month'>,
): Promise<number> {
  const { timeColumn, month } = unit;
  const key = { timeColumn, keyColumns: [] };
  const condition = knowsMonth(target, unit) ? rangeCondition({ definition: target, key, month }) : 'true';
  const { rows } = await client.query<{ rows: number }>(
    `select count(*)::float8 as rows from ${quoteQualified(target.schema, target.table)} as ${rowAlias} where ${condition}`,
  );
  return rows[0]?.rows ?? 0;
}
