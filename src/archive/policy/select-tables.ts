import { AppError } from '../../errors.ts';
import { deniesTable, matchesTable, type TableName, tableText } from './table-pattern.ts';

export interface DeniedTable extends TableName {
  /** The policy's pattern that reaches it, and the one that denies it. */
  readonly pattern: string;
  readonly deniedBy: string;
}

export interface TableSelection {
  /** In the order of the existing tables. */
  readonly matched: readonly TableName[];
  readonly denied: readonly DeniedTable[];
  /** Patterns that no existing table matches. */
  readonly unmatched: readonly string[];
}

export interface SelectTablesOptions {
  readonly patterns: readonly string[];
  /** Configured patterns and those of deny-list.ts. */
  readonly deny: readonly string[];
  readonly existing: readonly TableName[];
}

/** Which of the existing tables the patterns reach; the denied ones are in `denied` only. */
export function selectTables({ patterns, deny, existing }: SelectTablesOptions): TableSelection {
  const matched: TableName[] = [];
  const denied: DeniedTable[] = [];
  for (const { schema, table } of existing) {
    const pattern = patterns.find((candidate) => matchesTable(candidate, { schema, table }));
    if (pattern === undefined) continue;
    const deniedBy = deny.find((candidate) => deniesTable(candidate, { schema, table }));
    if (deniedBy === undefined) matched.push({ schema, table });
    else denied.push({ schema, table, pattern, deniedBy });
  }
  const unmatched = patterns.filter((pattern) => !existing.some((name) => matchesTable(pattern, name)));
  return { matched, denied, unmatched };
}

/** @throws AppError TABLE_DENIED naming every table that is denied, and by what */
export function requireNoneDenied(policyName: string, { denied }: Pick<TableSelection, 'denied'>): void {
  if (denied.length > 0) throw new AppError('TABLE_DENIED', `policy ${policyName} ${deniedText(denied)}`);
}

/** A list longer than this says no more. */
const maxNamed = 10;

export function deniedText(denied: readonly DeniedTable[]): string {
  const named = denied.slice(0, maxNamed).map((table) => {
    return `${tableText(table)} by its pattern "${table.pattern}", which is denied by "${table.deniedBy}"`;
  });
  const more = denied.length > maxNamed ? ` (and ${denied.length - maxNamed} more)` : '';
  return `reaches ${named.join(', ')}${more}: name the tables more narrowly`;
}
