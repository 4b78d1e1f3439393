import type { ColumnType, SourceColumn } from '../db/column-type.ts';
import { columnNameOf, type NamedColumn, nameColumns } from './column-names.ts';
import { widenType } from './widen-type.ts';

/**
 * Columns of its own that a raw table has at most; the surplus goes to `_more`. PostgreSQL's limit is 1,600, dropped
 * ones included.
 */
export const maxNativeColumns = 1_500;

export interface KnownColumn extends NamedColumn {
  readonly columnName: string;
  readonly columnType: ColumnType;
  readonly inMore: boolean;
}

/** What has to change before a file of this header can be loaded, and where each of its columns then goes. */
export interface ColumnPlan {
  readonly added: readonly KnownColumn[];
  readonly widened: readonly KnownColumn[];
  /** One for each column of the file, in its order. */
  readonly placed: readonly KnownColumn[];
}

/** Pure: a file's header against what the export is known to have. */
export function planColumns(known: readonly KnownColumn[], header: readonly SourceColumn[]): ColumnPlan {
  const byIdentity = new Map(known.map((column) => [identityOf(column), column]));
  const names = new Set(known.map((column) => column.columnName));
  let native = known.filter((column) => !column.inMore).length;
  const added: KnownColumn[] = [];
  const widened: KnownColumn[] = [];
  const placed = nameColumns(header.map((column) => column.name)).map((named, index) => {
    const found = header[index]?.type ?? 'text';
    const existing = byIdentity.get(identityOf(named));
    if (existing === undefined) {
      const columnName = freeName(named, names);
      names.add(columnName);
      const column = { ...named, columnName, columnType: found, inMore: native >= maxNativeColumns };
      if (!column.inMore) native += 1;
      added.push(column);
      return column;
    }
    const columnType = widenType(existing.columnType, found);
    if (columnType === existing.columnType) return existing;
    const column = { ...existing, columnType };
    widened.push(column);
    return column;
  });
  return { added, widened, placed };
}

/** A made-up name may be one that another column really has: `a~2` beside a second `a`. */
function freeName(column: NamedColumn, names: ReadonlySet<string>): string {
  let name = columnNameOf(column);
  for (let retry = 2; names.has(name); retry += 1) {
    name = columnNameOf({ sourceName: `${column.sourceName}~${column.occurrence}`.slice(0, 40), occurrence: retry });
  }
  return name;
}

function identityOf({ sourceName, occurrence }: NamedColumn): string {
  return `${occurrence}:${sourceName}`;
}
