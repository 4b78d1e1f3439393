import { AppError } from '../../errors.ts';
import type { TableDefinition } from './table-definition.ts';
import { baseType } from './writer-columns.ts';

/** The order in which a unit's rows are always sent, and the columns by which its ranges are told apart. */
export interface KeyOrder {
  /** Null: a snapshot, which has no months. */
  readonly timeColumn: string | null;
  /** After the time column; empty: no key makes rows single, and the row's whole text decides. */
  readonly keyColumns: readonly string[];
}

/** Columns of which one value lies in one month, and their literals' type. */
const timeTypes: Readonly<Record<string, 'timestamptz' | 'timestamp' | 'date'>> = {
  'pg_catalog.timestamptz': 'timestamptz',
  'pg_catalog.timestamp': 'timestamp',
  'pg_catalog.date': 'date',
};

export interface KeyOrderOptions {
  /** Null: snapshot mode. */
  readonly timeColumn: string | null;
  /** As the policy names it; absent: the table's own. */
  readonly primaryKey?: readonly string[] | undefined;
}

/**
 * By the time column, then by the key. A key that the database does not keep single is none: the row's text takes its place.
 * @throws AppError POLICY_INVALID for a column that is not there, that is no time, or a key column that may be null
 */
export function keyOrder(definition: TableDefinition, { timeColumn, primaryKey }: KeyOrderOptions): KeyOrder {
  if (timeColumn !== null) timeTypeOf(definition, timeColumn);
  const key = primaryKey ?? definition.primaryKey;
  for (const name of key) requireNotNull(definition, name);
  const ordering = new Set(timeColumn === null ? key : [timeColumn, ...key]);
  const isSingle = definition.uniqueKeys.some((unique) => unique.every((name) => ordering.has(name)));
  if (key.length === 0 || !isSingle) return { timeColumn, keyColumns: [] };
  const rest = key.filter((name) => name !== timeColumn);
  // A key of the time alone stays named: no key columns would mean that there is none.
  return { timeColumn, keyColumns: rest.length === 0 ? key : rest };
}

/** What a bound is made of: the key's values, or the time alone where there is no key. */
export function boundColumns({ timeColumn, keyColumns }: KeyOrder): readonly string[] {
  return timeColumn === null ? keyColumns : [timeColumn, ...keyColumns];
}

/** @throws AppError POLICY_INVALID */
export function timeTypeOf(definition: TableDefinition, timeColumn: string): 'timestamptz' | 'timestamp' | 'date' {
  const column = columnOf(definition, timeColumn);
  const type = timeTypes[baseType(column, definition.userTypes).typeName];
  if (type !== undefined) return type;
  throw new AppError(
    'POLICY_INVALID',
    `${nameOf(definition)}: the time column ${timeColumn} is of type ${column.type}, not timestamptz, timestamp or date`,
  );
}

/** @throws AppError POLICY_INVALID */
export function columnOf(definition: TableDefinition, name: string): TableDefinition['columns'][number] {
  const column = definition.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new AppError('POLICY_INVALID', `${nameOf(definition)} has no column ${name}`);
  return column;
}

export function nameOf({ schema, table }: Pick<TableDefinition, 'schema' | 'table'>): string {
  return `${schema}.${table}`;
}

function requireNotNull(definition: TableDefinition, name: string): void {
  if (columnOf(definition, name).notNull) return;
  throw new AppError(
    'POLICY_INVALID',
    `${nameOf(definition)}: the key column ${name} may be null, so it orders nothing`,
  );
}
