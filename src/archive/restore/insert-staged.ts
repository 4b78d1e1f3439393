import type pg from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { type ColumnMapping, extraColumn, type MappedColumn } from './map-columns.ts';
import { stagedName, stagingTable } from './stage-rows.ts';

export interface InsertStaged {
  /** As the target is now. */
  readonly target: TableDefinition;
  readonly mapping: ColumnMapping;
  /** Columns by which rows of the target are told apart; none: all rows are new. */
  readonly keyColumns: readonly string[];
  readonly conflict: 'fail' | 'skip' | 'overwrite';
  /** SQL that is true for a staged row `s` that is wanted. */
  readonly condition: string;
}

/** Puts the staged rows into the target in one statement. @returns rows that were inserted or overwritten */
export async function insertStaged(client: pg.PoolClient, options: InsertStaged): Promise<number> {
  const { target, mapping, condition } = options;
  if (needsExtra(mapping)) await addExtraColumn(client, target);
  const values = valuesOf(mapping);
  const names = values.map(({ name }) => quoteIdentifier(name)).join(', ');
  const { rowCount } = await client.query(
    `insert into ${quoteQualified(target.schema, target.table)} (${names}) overriding system value
     select ${values.map(({ expression }) => expression).join(', ')} from ${stagingTable} s where ${condition}
     ${conflictClause(options, values)}`,
  );
  return rowCount ?? 0;
}

/** The staged columns of these names, for the alias `s`. */
export function stagedColumn(mapping: ColumnMapping, name: string): string {
  const index = mapping.columns.findIndex((column) => column.name === name);
  if (index < 0)
    throw new AppError('SCHEMA_DRIFTED', `the archived rows have no column ${name}, which is of the target's key`);
  return `s.${quoteIdentifier(stagedName(index))}`;
}

interface Value {
  readonly name: string;
  readonly expression: string;
}

function valuesOf(mapping: ColumnMapping): readonly Value[] {
  const { columns } = mapping;
  const values = columns.flatMap((column, index): readonly Value[] => {
    const staged = `s.${quoteIdentifier(stagedName(index))}`;
    if (column.kind === 'same') return [{ name: column.name, expression: staged }];
    return column.kind === 'cast' ? [{ name: column.name, expression: `${staged}::${column.type}` }] : [];
  });
  if (!needsExtra(mapping)) return values;
  const known = values.find(({ name }) => name === extraColumn);
  const extra =
    known === undefined ? extraValue(columns) : `coalesce(${known.expression}, '{}') || ${extraValue(columns)}`;
  return [...values.filter((value) => value !== known), { name: extraColumn, expression: extra }];
}

function needsExtra({ columns }: ColumnMapping): boolean {
  return columns.some(({ kind }) => kind === 'extra');
}

/** Values as the source server printed them: text, or null. A function takes a hundred arguments. */
function extraValue(columns: readonly MappedColumn[]): string {
  const pairs = columns.flatMap(({ kind, name }, index) =>
    kind === 'extra' ? [`jsonb_build_object(${quoteLiteral(name)}, s.${quoteIdentifier(stagedName(index))})`] : [],
  );
  return pairs.join(' || ');
}

async function addExtraColumn(client: pg.PoolClient, { schema, table }: TableDefinition): Promise<void> {
  await client.query(
    `alter table ${quoteQualified(schema, table)} add column if not exists ${quoteIdentifier(extraColumn)} jsonb`,
  );
}

function conflictClause({ conflict, keyColumns, target }: InsertStaged, values: readonly Value[]): string {
  if (conflict === 'fail' || keyColumns.length === 0) return '';
  const key = `on conflict (${keyColumns.map(quoteIdentifier).join(', ')})`;
  const others = values.filter(({ name }) => !keyColumns.includes(name));
  if (conflict === 'skip' || others.length === 0) return `${key} do nothing`;
  const fixed = others.find(({ name }) => isAlwaysIdentity(target, name));
  if (fixed !== undefined) {
    throw new AppError(
      'BAD_INPUT',
      `column ${fixed.name} is generated always as identity: its value cannot be overwritten`,
    );
  }
  const sets = others.map(({ name }) => `${quoteIdentifier(name)} = excluded.${quoteIdentifier(name)}`);
  return `${key} do update set ${sets.join(', ')}`;
}

function isAlwaysIdentity({ columns }: TableDefinition, name: string): boolean {
  return columns.find((column) => column.name === name)?.identity?.generation === 'always';
}
