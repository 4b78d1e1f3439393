import type { SchemaElement } from 'hyparquet';
import type { ColumnType } from '../db/column-type.ts';

export type TimeUnit = 'millis' | 'micros' | 'nanos';

/** What the values of a leaf mean: the annotation, where it belongs to the physical type, else the physical type alone. */
export type LeafType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int32' }
  | { readonly kind: 'uint32' }
  | { readonly kind: 'int64' }
  | { readonly kind: 'uint64' }
  | { readonly kind: 'float16' }
  | { readonly kind: 'float32' }
  | { readonly kind: 'float64' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly isUtc: boolean }
  | { readonly kind: 'int96' }
  | { readonly kind: 'interval' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'text' }
  | { readonly kind: 'bytes' };

/** PostgreSQL's numeric holds no more digits after the point. */
const maxScale = 16_383;

/** Pure: the meaning of a leaf, from parquet's LogicalTypes.md; `logical_type` goes before the older `converted_type`. */
export function leafType(element: SchemaElement): LeafType {
  return annotated(element) ?? physical(element);
}

function physical({ type }: SchemaElement): LeafType {
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'INT32':
      return { kind: 'int32' };
    case 'INT64':
      return { kind: 'int64' };
    case 'INT96':
      return { kind: 'int96' };
    case 'FLOAT':
      return { kind: 'float32' };
    case 'DOUBLE':
      return { kind: 'float64' };
    default:
      return { kind: 'bytes' };
  }
}

/** Undefined for no annotation, for an unknown one, and for one that its physical type can't carry: then the bytes count. */
function annotated(element: SchemaElement): LeafType | undefined {
  switch (element.type) {
    case 'INT32':
      return annotatedInt32(element);
    case 'INT64':
      return annotatedInt64(element);
    case 'BYTE_ARRAY':
      return decimal(element) ?? (isText(element) ? { kind: 'text' } : undefined);
    case 'FIXED_LEN_BYTE_ARRAY':
      return decimal(element) ?? annotatedFixed(element);
    default:
      return undefined;
  }
}

function isText({ logical_type: logical, converted_type: converted }: SchemaElement): boolean {
  if (logical !== undefined) {
    const { type } = logical;
    // NULL: a column that a writer knew nothing of, all null
    return type === 'STRING' || type === 'ENUM' || type === 'JSON' || type === 'NULL';
  }
  return converted === 'UTF8' || converted === 'ENUM' || converted === 'JSON';
}

function decimal(element: SchemaElement): LeafType | undefined {
  const { logical_type: logical, converted_type: converted } = element;
  const scale =
    logical?.type === 'DECIMAL' ? logical.scale : converted === 'DECIMAL' ? (element.scale ?? 0) : undefined;
  if (scale === undefined || scale < 0 || scale > maxScale) return undefined;
  return { kind: 'decimal', scale };
}

function annotatedInt32(element: SchemaElement): LeafType | undefined {
  const { logical_type: logical, converted_type: converted } = element;
  const exact = decimal(element);
  if (exact !== undefined) return exact;
  if (logical?.type === 'DATE' || converted === 'DATE') return { kind: 'date' };
  if (logical?.type === 'TIME' ? logical.unit === 'MILLIS' : converted === 'TIME_MILLIS') {
    return { kind: 'time', unit: 'millis' };
  }
  if (logical?.type === 'INTEGER') return { kind: logical.isSigned ? 'int32' : 'uint32' };
  const isUnsigned = converted === 'UINT_8' || converted === 'UINT_16' || converted === 'UINT_32';
  return isUnsigned ? { kind: 'uint32' } : undefined;
}

function annotatedInt64(element: SchemaElement): LeafType | undefined {
  const { logical_type: logical, converted_type: converted } = element;
  const exact = decimal(element);
  if (exact !== undefined) return exact;
  if (logical?.type === 'TIMESTAMP') {
    return { kind: 'timestamp', unit: unitOf(logical.unit), isUtc: logical.isAdjustedToUTC };
  }
  if (logical?.type === 'TIME') return { kind: 'time', unit: unitOf(logical.unit) };
  if (logical?.type === 'INTEGER') return { kind: logical.isSigned ? 'int64' : 'uint64' };
  switch (converted) {
    // LogicalTypes.md: the converted types mean instants, adjusted to UTC
    case 'TIMESTAMP_MILLIS':
      return { kind: 'timestamp', unit: 'millis', isUtc: true };
    case 'TIMESTAMP_MICROS':
      return { kind: 'timestamp', unit: 'micros', isUtc: true };
    case 'TIME_MICROS':
      return { kind: 'time', unit: 'micros' };
    case 'UINT_64':
      return { kind: 'uint64' };
    default:
      return undefined;
  }
}

function annotatedFixed(element: SchemaElement): LeafType | undefined {
  const { logical_type: logical, type_length: length } = element;
  if (logical?.type === 'UUID' && length === 16) return { kind: 'uuid' };
  if (logical?.type === 'FLOAT16' && length === 2) return { kind: 'float16' };
  if (element.converted_type === 'INTERVAL' && length === 12) return { kind: 'interval' };
  return undefined;
}

function unitOf(unit: 'MILLIS' | 'MICROS' | 'NANOS'): TimeUnit {
  switch (unit) {
    case 'MILLIS':
      return 'millis';
    case 'MICROS':
      return 'micros';
    case 'NANOS':
      return 'nanos';
  }
}

/** The narrowest PostgreSQL type that loses nothing of the leaf's values (DESIGN D2). */
export function columnTypeOf(leaf: LeafType): ColumnType {
  switch (leaf.kind) {
    case 'boolean':
      return 'boolean';
    case 'int32':
    case 'uint32':
    case 'int64':
      return 'bigint';
    case 'uint64':
    case 'decimal':
      return 'numeric';
    case 'float16':
    case 'float32':
    case 'float64':
      return 'double precision';
    case 'date':
      return 'date';
    case 'time':
      return leaf.unit === 'nanos' ? 'text' : 'time';
    case 'timestamp':
      return leaf.isUtc ? 'timestamptz' : 'timestamp';
    // a wall clock by convention, written as it reads in UTC
    case 'int96':
      return 'timestamp';
    case 'interval':
    case 'uuid':
    case 'text':
      return 'text';
    case 'bytes':
      return 'bytea';
  }
}
