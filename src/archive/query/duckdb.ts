import { partKey } from '../export/object-key.ts';
import type { ArchiveDdlRequest } from './ddl.ts';
import { commentOf, describeTable, freeName, quoted, rootOf } from './described-table.ts';

/**
 * A view over all parts, with every column that any of them has; months are told apart by folder or file name, so that a
 * query of one month reads only that.
 */
export function duckdbDdl(request: ArchiveDdlRequest): string {
  const { notes } = describeTable(request);
  const { schema, table } = request.definition;
  return `${commentOf([
    ...notes,
    'credentials, once: create secret (type s3, provider credential_chain);',
    'after a table has got a new column, run this again',
  ])}create schema if not exists ${quotedName(schema)};

create or replace view ${quotedName(schema)}.${quotedName(table)} as
${selectOf(request)};
`;
}

function selectOf(request: ArchiveDdlRequest): string {
  const { year, month, hasOwnNames, location, columns } = describeTable(request);
  if (request.layout === 'hive' && hasOwnNames) {
    return `select *
  from read_parquet(
    ${quoted(`${escapeGlob(location)}year=*/month=*/*.parquet`)},
    hive_partitioning = true,
    hive_types = {'year': varchar, 'month': varchar},
    union_by_name = true
  )`;
  }
  const path = freeName('archive_path', new Set(columns.map(({ name }) => name.toLowerCase())));
  const isHive = request.layout === 'hive';
  const files = isHive ? `${escapeGlob(location)}year=*/month=*/*.parquet` : flatFiles(request);
  const place = isHive ? '/year=(\\d{4})/month=(\\d\\d)/[^/]*$' : '-(\\d{4})-(\\d\\d)(?:\\.\\d+)?\\.parquet$';
  const field = (group: number) => `regexp_extract(${quotedName(path)}, ${quoted(place)}, ${group})`;
  return `select
    * exclude (${quotedName(path)}),
    ${field(1)} as ${quotedName(year)},
    ${field(2)} as ${quotedName(month)}
  from read_parquet(
    ${quoted(files)},
    filename = ${quoted(path)},
    hive_partitioning = false,
    union_by_name = true
  )`;
}

/** `<prefix>/YYYY/MM/<table>-YYYY-MM.parquet`, and further parts with a number before the suffix. */
function flatFiles({ destination, source, definition: { schema, table } }: ArchiveDdlRequest): string {
  const place = { prefix: destination.prefix, layout: 'flat', source, schema, table, ordinal: 1, sha256: '' } as const;
  const example = partKey({ ...place, month: '2026-01' });
  const name = example.slice(example.lastIndexOf('/') + 1, -'2026-01.parquet'.length);
  const folder = escapeGlob(`${rootOf(destination)}/${destination.prefix === '' ? '' : `${destination.prefix}/`}`);
  return `${folder}[0-9][0-9][0-9][0-9]/[0-9][0-9]/${escapeGlob(name)}[0-9][0-9][0-9][0-9]-[0-9][0-9]*.parquet`;
}

function escapeGlob(path: string): string {
  return path.replace(/[*?[\]]/g, '[$&]');
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
