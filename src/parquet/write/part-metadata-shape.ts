import { z } from 'zod';
import { invalid } from '../problems.ts';
import type { WriterColumn } from './column.ts';
import { metadataKeys } from './part-metadata.ts';

const simpleKinds = [
  'boolean',
  'int2',
  'int4',
  'int8',
  'float4',
  'float8',
  'uuid',
  'bytea',
  'text',
  'json',
  'date',
  'timestamp',
  'timestamptz',
] as const;

const columnsShape = z.array(
  z.object({
    name: z.string(),
    type: z.union([
      z.object({ kind: z.enum([...simpleKinds]) }),
      z.object({ kind: z.literal('canonical') }),
      z.object({ kind: z.literal('decimal'), precision: z.int().min(1).max(38), scale: z.int().min(0).max(38) }),
    ]),
  }),
);

/** The columns that the writer noted in a footer. @throws AppError PARQUET_INVALID */
export function readPartColumns(json: string | undefined): readonly WriterColumn[] {
  if (json === undefined) throw invalid(`its footer lacks ${metadataKeys.columns}; it is no part of an archive`);
  return read(json, columnsShape, metadataKeys.columns);
}

/** Column to the column of its texts. @throws AppError PARQUET_INVALID */
export function readPartSpills(json: string | undefined): ReadonlyMap<string, string> {
  if (json === undefined) return new Map();
  const value = parse(json, metadataKeys.spills);
  // by hand: any name may be a key here, `__proto__` too
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return new Map(entries.map(([name, spill]) => [name, String(spill)]));
}

function read<Value>(json: string, shape: z.ZodType<Value>, key: string): Value {
  const parsed = shape.safeParse(parse(json, key));
  if (!parsed.success) throw invalid(`${key} in its footer: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function parse(json: string, key: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw invalid(`${key} in its footer is not JSON`);
  }
}
