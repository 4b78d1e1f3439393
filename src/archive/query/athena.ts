import type { WriterType } from '../../parquet/write/column.ts';
import type { ArchiveDdlRequest } from './ddl.ts';
import { commentOf, type DescribedColumn, describeTable } from './described-table.ts';

/** Wide enough for every archive of today; narrower is faster, see `ArchiveDdlRequest.years`. */
const defaultYears = { from: 2015, to: 2045 };

/**
 * An external table whose partitions Athena works out by itself: no crawler, nothing to repair after a month.
 * Source: Athena user guide, "Partition projection" and "Data types in Amazon Athena".
 */
export function athenaDdl(request: ArchiveDdlRequest): string {
  const { columns, year, month, location, notes } = describeTable(request);
  const { from, to } = request.years ?? defaultYears;
  const properties: readonly (readonly [string, string])[] = [
    ['projection.enabled', 'true'],
    [`projection.${year}.type`, 'integer'],
    [`projection.${year}.range`, `${from},${to}`],
    [`projection.${year}.digits`, '4'],
    [`projection.${month}.type`, 'integer'],
    [`projection.${month}.range`, '1,12'],
    [`projection.${month}.digits`, '2'],
    ['storage.location.template', `${location}year=\${${year}}/month=\${${month}}/`],
  ];
  const { schema, table } = request.definition;
  return `${commentOf([
    ...notes,
    'uuid columns are shown by lower(to_hex(column)); timestamps are in UTC, to the millisecond',
    'run each statement by itself',
  ])}create database if not exists ${quotedName(schema)};

create external table if not exists ${quotedName(schema)}.${quotedName(table)} (
${columns.map(columnLine).join(',\n')}
)
partitioned by (${quotedName(year)} string, ${quotedName(month)} string)
stored as parquet
location ${hiveText(location)}
tblproperties (
${properties.map(([name, value]) => `  ${hiveText(name)} = ${hiveText(value)}`).join(',\n')}
);
`;
}

function columnLine({ name, type, postgresType }: DescribedColumn): string {
  const comment = postgresType === undefined ? '' : ` comment ${hiveText(postgresType)}`;
  return `  ${quotedName(name)} ${athenaType(type)}${comment}`;
}

function athenaType(type: WriterType): string {
  switch (type.kind) {
    case 'boolean':
      return 'boolean';
    case 'int2':
      return 'smallint';
    case 'int4':
      return 'int';
    case 'int8':
      return 'bigint';
    case 'float4':
      return 'float';
    case 'float8':
      return 'double';
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'date':
      return 'date';
    case 'timestamp':
    case 'timestamptz':
      return 'timestamp';
    case 'uuid':
    case 'bytea':
      return 'binary';
    case 'text':
    case 'json':
    case 'canonical':
      return 'string';
  }
}

/** Athena keeps names in lower case, and finds a file's columns without regard to case. */
function quotedName(name: string): string {
  return `\`${name.toLowerCase().replaceAll('`', '``')}\``;
}

/** Hive's string constant, in which a backslash escapes. */
function hiveText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
