import type { SchemaElement } from 'hyparquet';
import { BooleanValues } from './boolean-values.ts';
import { ByteValues } from './byte-values.ts';
import type { WriterColumn, WriterType } from './column.ts';
import { parseDate, parseTimestamp, parseTimestamptz } from './fields/calendar.ts';
import { decimalWords, parseDecimal } from './fields/decimal.ts';
import { parseFloat4, parseFloat8 } from './fields/float.ts';
import { parseUuid } from './fields/hex.ts';
import { parseInt2, parseInt4, parseInt8 } from './fields/integer.ts';
import { writeFromHex, writeUnescaped } from './fields/text.ts';
import type { ColumnValues } from './value-encoding.ts';
import { WordValues } from './word-values.ts';

/** The column in the file's schema. Every column may hold nulls: where a value is spilled, its own cell is null. */
export function schemaElement({ name, type }: WriterColumn): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', ...stored(type) };
}

/** Annotations in both forms, as parquet's LogicalTypes.md has them; older readers know the converted types only. */
function stored(type: WriterType): Omit<SchemaElement, 'name'> {
  switch (type.kind) {
    case 'boolean':
      return { type: 'BOOLEAN' };
    case 'int2':
      // the older annotation alone: hyparquet-writer's newer one has a width that other readers refuse
      return { type: 'INT32', converted_type: 'INT_16' };
    case 'int4':
      return { type: 'INT32' };
    case 'int8':
      return { type: 'INT64' };
    case 'float4':
      return { type: 'FLOAT' };
    case 'float8':
      return { type: 'DOUBLE' };
    case 'uuid':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } };
    case 'bytea':
      return { type: 'BYTE_ARRAY' };
    case 'text':
    case 'canonical':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'json':
      return { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } };
    case 'date':
      return { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };
    case 'timestamp':
      return { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' } };
    case 'timestamptz':
      return {
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      };
    case 'decimal':
      return storedDecimal(type);
  }
}

function storedDecimal({ precision, scale }: WriterType & { kind: 'decimal' }): Omit<SchemaElement, 'name'> {
  const physical = {
    1: { type: 'INT32' },
    2: { type: 'INT64' },
    4: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16 },
  } as const;
  return {
    ...physical[decimalWords(precision)],
    converted_type: 'DECIMAL',
    scale,
    precision,
    logical_type: { type: 'DECIMAL', precision, scale },
  };
}

/** Where the values of a column of this type gather. */
export function openValues(type: WriterType): ColumnValues {
  switch (type.kind) {
    case 'boolean':
      return new BooleanValues();
    case 'int2':
      return new WordValues({ parse: parseInt2, words: 1, isInteger: true });
    case 'int4':
      return new WordValues({ parse: parseInt4, words: 1, isInteger: true });
    case 'int8':
      return new WordValues({ parse: parseInt8, words: 2, isInteger: true });
    case 'float4':
      return new WordValues({ parse: parseFloat4, words: 1, isInteger: false });
    case 'float8':
      return new WordValues({ parse: parseFloat8, words: 2, isInteger: false });
    case 'uuid':
      return new WordValues({ parse: parseUuid, words: 4, isInteger: false });
    case 'date':
      return new WordValues({ parse: parseDate, words: 1, isInteger: true });
    case 'timestamp':
      return new WordValues({ parse: parseTimestamp, words: 2, isInteger: true });
    case 'timestamptz':
      return new WordValues({ parse: parseTimestamptz, words: 2, isInteger: true });
    case 'decimal': {
      const words = decimalWords(type.precision);
      return new WordValues({ parse: parseDecimal(type.precision, type.scale), words, isInteger: words < 4 });
    }
    case 'bytea':
      return new ByteValues({ write: writeFromHex, hasBounds: false });
    case 'text':
      return new ByteValues({ write: writeUnescaped, hasBounds: true });
    case 'json':
    case 'canonical':
      return new ByteValues({ write: writeUnescaped, hasBounds: false });
  }
}
