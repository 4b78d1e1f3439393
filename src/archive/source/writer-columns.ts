import type { WriterColumn, WriterType } from '../../parquet/write/column.ts';
import type { ColumnDefinition, TableDefinition } from './table-definition.ts';
import type { TypeReference, UserType } from './user-type.ts';

/** PostgreSQL types whose text round-trips through a parquet type of their own; what of a value does not is spilled. */
const nativeTypes: Readonly<Record<string, Exclude<WriterType['kind'], 'decimal' | 'canonical'>>> = {
  'pg_catalog.bool': 'boolean',
  'pg_catalog.int2': 'int2',
  'pg_catalog.int4': 'int4',
  'pg_catalog.int8': 'int8',
  'pg_catalog.float4': 'float4',
  'pg_catalog.float8': 'float8',
  'pg_catalog.uuid': 'uuid',
  'pg_catalog.bytea': 'bytea',
  'pg_catalog.text': 'text',
  'pg_catalog.varchar': 'text',
  'pg_catalog.bpchar': 'text',
  'pg_catalog.name': 'text',
  'pg_catalog.json': 'json',
  'pg_catalog.jsonb': 'json',
  'pg_catalog.date': 'date',
  'pg_catalog.timestamp': 'timestamp',
  'pg_catalog.timestamptz': 'timestamptz',
};

/** The widest decimal of parquet that common readers know. */
const maxPrecision = 38;

/** How a part holds each column of the table, in the order of a line's fields. */
export function writerColumns(definition: TableDefinition): readonly WriterColumn[] {
  return definition.columns.map((column) => ({ name: column.name, type: writerType(column, definition.userTypes) }));
}

function writerType(column: ColumnDefinition, userTypes: readonly UserType[]): WriterType {
  const base = baseType(column, userTypes);
  if (base.typeName === 'pg_catalog.numeric') return decimalType(base.typmod);
  const native = nativeTypes[base.typeName];
  return native === undefined ? { kind: 'canonical' } : { kind: native };
}

/** What a domain is made of, at the bottom: a domain's text is its base's, by the base's own output function. */
export function baseType(reference: TypeReference, userTypes: readonly UserType[]): TypeReference {
  const domain = userTypes.find((type) => type.kind === 'domain' && type.name === reference.type);
  return domain?.kind === 'domain' ? baseType(domain.base, userTypes) : reference;
}

/** @see numeric_typmod_precision and _scale in PostgreSQL's numeric.c: the scale is 11 bits, signed since version 15 */
function decimalType(typmod: number): WriterType {
  if (typmod < 0) return { kind: 'canonical' };
  const packed = typmod - 4;
  const precision = (packed >> 16) & 0xffff;
  const scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
  const fits = precision <= maxPrecision && scale >= 0 && scale <= precision;
  return fits ? { kind: 'decimal', precision, scale } : { kind: 'canonical' };
}
