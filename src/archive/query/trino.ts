import type { WriterType } from '../../parquet/write/column.ts';
import type { ArchiveDdlRequest } from './ddl.ts';
import { commentOf, describeTable, quoted } from './described-table.ts';

/**
 * An external table of Trino's Hive connector, in the catalog `hive`.
 * Source: Trino documentation, "Hive connector": table properties and procedures.
 */
export function trinoDdl(request: ArchiveDdlRequest): string {
  const { columns, year, month, hasOwnNames, location, notes } = describeTable(request);
  const { schema, table } = request.definition;
  const name = `hive.${quotedName(schema)}.${quotedName(table)}`;
  const lines = [
    ...columns.map((column) => `  ${quotedName(column.name)} ${trinoType(column.type)}`),
    `  ${quotedName(year)} varchar`,
    `  ${quotedName(month)} varchar`,
  ];
  const [schemaText, tableText] = [quoted(schema.toLowerCase()), quoted(table.toLowerCase())];
  const partition = `array[${quoted(year)}, ${quoted(month)}]`;
  const discovery = hasOwnNames
    ? `-- again after every new month
call hive.system.sync_partition_metadata(${schemaText}, ${tableText}, 'ADD');
`
    : `-- the table has columns of its own named as the folders are: every month is registered by itself
call hive.system.register_partition(${schemaText}, ${tableText}, ${partition}, array['2026', '01'], ${quoted(`${location}year=2026/month=01`)});
`;
  return `${commentOf([
    ...notes,
    "timestamps are in UTC; for microseconds: set session hive.timestamp_precision = 'MICROSECONDS'",
    'a uuid is shown by cast(column as uuid)',
  ])}create schema if not exists hive.${quotedName(schema)};

create table if not exists ${name} (
${lines.join(',\n')}
)
with (
  external_location = ${quoted(location)},
  format = 'PARQUET',
  partitioned_by = ${partition}
);

${discovery}`;
}

function trinoType(type: WriterType): string {
  switch (type.kind) {
    case 'boolean':
      return 'boolean';
    case 'int2':
      return 'smallint';
    case 'int4':
      return 'integer';
    case 'int8':
      return 'bigint';
    case 'float4':
      return 'real';
    case 'float8':
      return 'double';
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'date':
      return 'date';
    case 'timestamp':
    case 'timestamptz':
      return 'timestamp';
    case 'uuid':
    case 'bytea':
      return 'varbinary';
    case 'text':
    case 'json':
    case 'canonical':
      return 'varchar';
  }
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
