import type { TableName } from '../source/table-definition.ts';
import type { RestoreRequest } from './restore-request.ts';

/** A table of a configured source database, into which rows are restored. */
export interface TargetTable extends TableName {
  readonly source: string;
}

/** Where the rows of an archived table go. */
export function targetOf({ target, source }: RestoreRequest, table: TableName): TargetTable {
  const database = target.source ?? source;
  switch (target.kind) {
    case 'itself':
      return { source: database, schema: table.schema, table: table.table };
    case 'table':
      return { source: database, schema: target.schema, table: target.table };
    case 'schema':
      return { source: database, schema: target.schema, table: table.table };
  }
}

/** The table that the rows were archived from: they are purged from there again. */
export function isInPlace(target: TargetTable, from: TargetTable): boolean {
  return target.source === from.source && target.schema === from.schema && target.table === from.table;
}

/** The target in one text: the same target is the same text. */
export function targetKeyOf({ target, source }: RestoreRequest): string {
  const database = target.source ?? source;
  switch (target.kind) {
    case 'itself':
      return `${database}: the tables themselves`;
    case 'table':
      return `${database}: table ${target.schema}.${target.table}`;
    case 'schema':
      return `${database}: schema ${target.schema}`;
  }
}
