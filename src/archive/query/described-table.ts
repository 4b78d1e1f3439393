import type { WriterType } from '../../parquet/write/column.ts';
import { printable } from '../../printable.ts';
import { tablePrefix } from '../export/object-key.ts';
import { writerColumns } from '../source/writer-columns.ts';
import type { ArchiveDdlRequest } from './ddl.ts';

export interface DescribedColumn {
  readonly name: string;
  readonly type: WriterType;
  /** As PostgreSQL names it; undefined: texts beside another column. */
  readonly postgresType: string | undefined;
}

export interface DescribedTable {
  /** All that an engine without regard to case can tell apart, those with spilled texts last. */
  readonly columns: readonly DescribedColumn[];
  /** Names of the partition columns that no column of the table has. */
  readonly year: string;
  readonly month: string;
  /** Whether these are the names in the keys, `year=2026/month=01`. */
  readonly hasOwnNames: boolean;
  /** Where all parts lie, `s3://…/`; layout `hive`. */
  readonly location: string;
  /** Lines for people, without the marks of a comment. */
  readonly notes: readonly string[];
}

/** What all engines need to know of a table. */
export function describeTable({ destination, source, definition, spills = {} }: ArchiveDdlRequest): DescribedTable {
  const types = new Map(definition.columns.map(({ name, type }) => [name, type]));
  const own = writerColumns(definition).map(({ name, type }) => ({ name, type, postgresType: types.get(name) }));
  const beside = Object.values(spills).map((name) => ({
    name,
    type: { kind: 'text' } as const,
    postgresType: undefined,
  }));
  const { columns, hidden } = withoutDoubles([...own, ...beside]);
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  const { schema, table } = definition;
  const place = { prefix: destination.prefix, source, schema, table };
  return {
    columns,
    year: freeName('year', taken),
    month: freeName('month', taken),
    hasOwnNames: !taken.has('year') && !taken.has('month'),
    location: `${rootOf(destination)}/${tablePrefix(place)}`,
    notes: [
      `${schema}.${table} of ${source}, archived by billvault`,
      'rows that were changed or deleted after they had been archived are here as they were, too: see departed in the manifests',
      ...Object.entries(spills).map(
        ([column, spill]) =>
          `where ${spill} is not null, it holds the value of ${column}, which has no such value as its type`,
      ),
      ...hidden.map(
        ({ name }) =>
          `the column ${JSON.stringify(name)} differs from another one in case alone: it is not readable here`,
      ),
    ].map(printable),
  };
}

export function rootOf({ bucket, root }: ArchiveDdlRequest['destination']): string {
  return root ?? `s3://${bucket}`;
}

/** A comment of SQL, a line for each. */
export function commentOf(notes: readonly string[]): string {
  return notes.map((note) => `-- ${note}\n`).join('');
}

/** A string constant of standard SQL. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name that no column has, whatever its case. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let prefix = 'archive_'; taken.has(name); prefix += '_') name = `${prefix}${wanted}`;
  return name;
}

function withoutDoubles(all: readonly DescribedColumn[]): {
  readonly columns: readonly DescribedColumn[];
  readonly hidden: readonly DescribedColumn[];
} {
  const first = new Map<string, DescribedColumn>();
  for (const column of all) {
    const name = column.name.toLowerCase();
    if (!first.has(name)) first.set(name, column);
  }
  const columns = [...first.values()];
  return { columns, hidden: all.filter((column) => !columns.includes(column)) };
}
