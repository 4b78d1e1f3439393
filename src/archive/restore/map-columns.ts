import type { ColumnDefinition, TableDefinition } from '../source/table-definition.ts';
import type { UserType } from '../source/user-type.ts';
import { baseType } from '../source/writer-columns.ts';
import { isSameType } from './same-type.ts';

/** What keeps the values of columns that the target has no longer. */
export const extraColumn = '_restored_extra';

/**
 * How two texts are compared to see whether a cast lost something: what the target prints must be the same text, the same
 * number, the same instant (a time without zone is taken for UTC), or the same but for blanks that `char(n)` pads with.
 */
export type Comparison = 'text' | 'number' | 'instant' | 'padded';

/** What becomes of one archived column. */
export type MappedColumn =
  | { readonly kind: 'same'; readonly name: string; readonly type: string }
  | { readonly kind: 'cast'; readonly name: string; readonly type: string; readonly compare: Comparison }
  /** The target computes it, as the archived table did. */
  | { readonly kind: 'generated'; readonly name: string }
  /** The target has no place for it. */
  | { readonly kind: 'extra'; readonly name: string };

export interface SchemaDifference {
  readonly kind: 'added' | 'dropped' | 'type' | 'generated';
  readonly column: string;
  /** For people. */
  readonly text: string;
  /** Why nothing can be restored as asked; null: it can. */
  readonly refusal: string | null;
}

export interface ColumnMapping {
  /** One for each archived column, in the order of a line's fields. */
  readonly columns: readonly MappedColumn[];
  readonly differences: readonly SchemaDifference[];
}

/** How lines of the archived table go into the target table. */
export function mapColumns(
  archived: TableDefinition,
  target: TableDefinition,
  droppedColumns: 'refuse' | 'extra',
): ColumnMapping {
  const differences: SchemaDifference[] = [];
  const columns = archived.columns.map((column): MappedColumn => {
    const { name } = column;
    const now = target.columns.find((candidate) => candidate.name === name);
    if (now === undefined) {
      differences.push(lost('dropped', name, 'is not in the target any more', droppedColumns));
      return { kind: 'extra', name };
    }
    if (now.generated !== null) {
      if (column.generated !== null) return { kind: 'generated', name };
      differences.push(lost('generated', name, 'is generated in the target now', droppedColumns));
      return { kind: 'extra', name };
    }
    if (isSameType([column, archived], [now, target])) return { kind: 'same', name, type: now.type };
    const text = `${name} was ${column.type}${column.type === now.type ? ' of another definition' : ''}, is ${now.type}: cast where nothing is lost`;
    differences.push({ kind: 'type', column: name, text, refusal: null });
    return { kind: 'cast', name, type: now.type, compare: comparison(column, archived, now, target) };
  });
  return { columns, differences: [...differences, ...addedColumns(archived, target)] };
}

const numbers = new Set(['pg_catalog.int2', 'pg_catalog.int4', 'pg_catalog.int8', 'pg_catalog.numeric']);
const instants = new Set(['pg_catalog.date', 'pg_catalog.timestamp', 'pg_catalog.timestamptz']);

function comparison(
  column: ColumnDefinition,
  archived: { readonly userTypes: readonly UserType[] },
  now: ColumnDefinition,
  target: { readonly userTypes: readonly UserType[] },
): Comparison {
  const from = baseType(column, archived.userTypes).typeName;
  const to = baseType(now, target.userTypes).typeName;
  if (numbers.has(from) && numbers.has(to)) return 'number';
  if (instants.has(from) && instants.has(to)) return 'instant';
  return to === 'pg_catalog.bpchar' ? 'padded' : 'text';
}

function lost(
  kind: 'dropped' | 'generated',
  column: string,
  why: string,
  droppedColumns: 'refuse' | 'extra',
): SchemaDifference {
  if (droppedColumns === 'extra') {
    return { kind, column, text: `${column} ${why}: its values go to ${extraColumn}`, refusal: null };
  }
  const refusal = `column ${column} ${why}, and its values have no place; ask for dropped columns to go to ${extraColumn}, or restore into another table`;
  return { kind, column, text: `${column} ${why}`, refusal };
}

function addedColumns(archived: TableDefinition, target: TableDefinition): readonly SchemaDifference[] {
  const known = new Set(archived.columns.map(({ name }) => name));
  return target.columns
    .filter(({ name }) => !known.has(name) && name !== extraColumn)
    .map((column) => {
      const { name, notNull, generated, identity } = column;
      const hasValue = column.default !== null || generated !== null || identity !== null || !notNull;
      const value =
        column.default === null ? (hasValue ? 'left to the table' : 'missing') : `default ${column.default}`;
      const text = `${name} was added since: ${value}`;
      const refusal = hasValue
        ? null
        : `column ${name} was added since, must not be null and has no default: give it one for the restore`;
      return { kind: 'added', column: name, text, refusal };
    });
}
