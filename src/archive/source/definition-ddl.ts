import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../db/identifier.ts';
import type { ColumnDefinition, ConstraintDefinition, TableDefinition, TableName } from './table-definition.ts';
import { type Ddl, needsText, typeDdl, typeSql } from './type-ddl.ts';

/** Collations of the operating system do not come with PostgreSQL. */
const everywhereCollations =
  /^pg_catalog\.("?(C|POSIX|default)"?|ucs_basic|unicode|"?(pg_)?c_utf8"?|pg_unicode_fast|".*-x-icu")$/i;

/**
 * SQL that makes the table, and the types that it needs, in a database where they are not there yet: as one plain table with
 * its columns, keys and checks. Defaults and checks that call for what PostgreSQL does not bring along are left out.
 */
export function definitionDdl(definition: TableDefinition, target: TableName): Ddl {
  const schemas = new Set([target.schema, ...definition.userTypes.map(({ schema }) => schema)]);
  const types = definition.userTypes.map(typeDdl);
  const table = quoteQualified(target.schema, target.table);
  const isSameName = target.schema === definition.schema && target.table === definition.table;
  const lines = [
    ...definition.columns.map(columnSql),
    ...definition.constraints.filter(isKept).map((constraint) => constraintSql(constraint, isSameName)),
  ];
  return {
    statements: [
      ...[...schemas].map((schema) => `create schema if not exists ${quoteIdentifier(schema)}`),
      ...types.flatMap(({ statements }) => statements),
      `create table ${table} (\n  ${lines.join(',\n  ')}\n)`,
      ...commentSql(definition, table),
    ],
    notes: [...types.flatMap(({ notes }) => notes), ...notesOf(definition)],
  };
}

function columnSql(column: ColumnDefinition): string {
  const parts = [quoteIdentifier(column.name), typeSql(column), valueSql(column), column.notNull ? 'not null' : ''];
  return parts.filter((part) => part !== '').join(' ');
}

/** Where a column's value comes from when none is given. */
function valueSql({ identity, generated, default: expression, defaultNeeds }: ColumnDefinition): string {
  if (identity !== null) {
    const { generation, start, increment, minimum, maximum, cache, cycles } = identity;
    return `generated ${generation} as identity (start with ${start} increment by ${increment} minvalue ${minimum} maxvalue ${maximum} cache ${cache}${cycles ? ' cycle' : ''})`;
  }
  if (expression === null || defaultNeeds.length > 0) return '';
  return generated === null ? `default ${expression}` : `generated always as (${expression}) ${generated}`;
}

function isKept({ kind, needs, isValidated }: ConstraintDefinition): boolean {
  return kind !== 'foreign' && kind !== 'exclusion' && needs.length === 0 && isValidated;
}

/** Keys carry the name of their index, which is taken as long as the first table is there. */
function constraintSql({ name, kind, definition }: ConstraintDefinition, isSameName: boolean): string {
  return kind === 'check' || isSameName ? `constraint ${quoteIdentifier(name)} ${definition}` : definition;
}

function commentSql({ comment, columns }: TableDefinition, table: string): readonly string[] {
  return [
    ...(comment === null ? [] : [`comment on table ${table} is ${quoteLiteral(comment)}`]),
    ...columns.flatMap((column) =>
      column.comment === null
        ? []
        : [`comment on column ${table}.${quoteIdentifier(column.name)} is ${quoteLiteral(column.comment)}`],
    ),
  ];
}

function notesOf(definition: TableDefinition): readonly string[] {
  const { partitioning, isUnlogged, columns, constraints, indexes } = definition;
  return [
    ...(partitioning === null ? [] : [`it was partitioned by ${partitioning.key}; it is made as one plain table`]),
    ...(isUnlogged ? ['it was unlogged; it is made as a table that outlives a crash'] : []),
    ...columns.flatMap(columnNotes),
    ...constraints.filter((constraint) => !isKept(constraint)).map(constraintNote),
    ...indexes.map(({ definition: statement }) => `an index is left for after the restore: ${statement}`),
  ];
}

function columnNotes({ name, defaultNeeds, generated, identity, collation }: ColumnDefinition): readonly string[] {
  const what = generated === null ? 'default' : 'expression';
  return [
    ...(defaultNeeds.length === 0 ? [] : [`column ${name} is made without its ${what}: ${needsText(defaultNeeds)}`]),
    ...(identity === null
      ? []
      : [`the identity of column ${name} begins at ${identity.start} again: set it behind the restored rows`]),
    ...(collation?.startsWith('pg_catalog.') && !everywhereCollations.test(collation)
      ? [`the collation ${collation} of column ${name} has to be known to the server's operating system`]
      : []),
  ];
}

function constraintNote({ name, kind, definition, needs, isValidated }: ConstraintDefinition): string {
  const reason = (): string => {
    if (kind === 'foreign') return 'the other table may not be there';
    if (needs.length > 0) return needsText(needs);
    return isValidated ? 'it may need an extension' : 'older rows may break it';
  };
  return `constraint ${name} is left out (${reason()}): ${definition}`;
}
