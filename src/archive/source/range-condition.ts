import { quoteIdentifier, quoteLiteral } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import { type Month, monthEnd, monthStart } from '../month.ts';
import { boundColumns, columnOf, type KeyOrder, timeTypeOf } from './key-order.ts';
import type { TableDefinition } from './table-definition.ts';
import { baseType } from './writer-columns.ts';

export interface RangeRequest {
  readonly definition: TableDefinition;
  readonly key: KeyOrder;
  /** Null exactly where the key has no time column: a snapshot. */
  readonly month: Month | null;
  /** Bound of the range before: its row is not in this one. Absent: from the month's first row. */
  readonly after?: readonly string[] | undefined;
  /** Bound of this range: its row is the last one in it. Absent: to the month's last row. */
  readonly upTo?: readonly string[] | undefined;
}

/** The one alias of the table in every statement of ours. */
export const rowAlias = 'r';

/**
 * SQL that is true for the rows of a range, without `where`; `true` for a whole snapshot. COPY takes no parameters, so bounds
 * are literals of the column's own type: PostgreSQL alone compares. Next to a comparison of whole tuples stands one of their
 * first column, by which an index on the time alone narrows both ends.
 */
export function rangeCondition({ definition, key, month, after, upTo }: RangeRequest): string {
  if ((month === null) !== (key.timeColumn === null)) {
    throw new AppError('INTERNAL', 'a range of a month needs a time column, and a snapshot has none');
  }
  const columns = boundColumns(key);
  const conditions: string[] = [];
  if (month !== null && key.timeColumn !== null) conditions.push(...inMonth(definition, key.timeColumn, month));
  if (after !== undefined) conditions.push(...compare(definition, columns, '>', after));
  if (upTo !== undefined) conditions.push(...compare(definition, columns, '<=', upTo));
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}

/** The order in which lines are sent. */
export function orderBy({ timeColumn, keyColumns }: KeyOrder, alias: string): string {
  // The row's text decides by its bytes, whatever the database's collation.
  const rest =
    keyColumns.length === 0 ? [`(${alias}.*)::text collate "C"`] : keyColumns.map((name) => column(alias, name));
  return [...(timeColumn === null ? [] : [column(alias, timeColumn)]), ...rest].join(', ');
}

export function column(alias: string, name: string): string {
  return `${alias}.${quoteIdentifier(name)}`;
}

function inMonth(definition: TableDefinition, timeColumn: string, month: Month): readonly string[] {
  const type = timeTypeOf(definition, timeColumn);
  const time = column(rowAlias, timeColumn);
  return [
    `${time} >= ${instantLiteral(monthStart(month), type)}`,
    `${time} < ${instantLiteral(monthEnd(month), type)}`,
  ];
}

/** Midnight in UTC; a timestamp without time zone is taken for UTC. */
export function instantLiteral(instant: Date, type: 'timestamptz' | 'timestamp' | 'date'): string {
  const year = String(instant.getUTCFullYear()).padStart(4, '0');
  const month = String(instant.getUTCMonth() + 1).padStart(2, '0');
  const time = type === 'date' ? '' : ` 00:00:00${type === 'timestamptz' ? '+00' : ''}`;
  return `'${year}-${month}-01${time}'::${type}`;
}

function compare(
  definition: TableDefinition,
  columns: readonly string[],
  operator: '>' | '<=',
  bound: readonly string[],
): readonly string[] {
  const [first] = columns;
  if (first === undefined || bound.length !== columns.length) {
    throw new AppError('INTERNAL', `a bound of ${bound.length} values for a key of ${columns.length} columns`);
  }
  const literals = columns.map((name, i) => literal(definition, name, bound[i] ?? ''));
  const names = columns.map((name) => column(rowAlias, name));
  if (columns.length === 1) return [`${names[0]} ${operator} ${literals[0]}`];
  return [
    `${names[0]} ${operator === '>' ? '>=' : operator} ${literals[0]}`,
    `(${names.join(', ')}) ${operator} (${literals.join(', ')})`,
  ];
}

/** Of a domain's base: a value that is in the table need not pass a check that came later. */
function literal(definition: TableDefinition, name: string, value: string): string {
  return `${quoteLiteral(value)}::${baseType(columnOf(definition, name), definition.userTypes).type}`;
}
