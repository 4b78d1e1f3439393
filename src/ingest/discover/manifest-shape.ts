import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { checkJsonBounds } from './json-bounds.ts';

const maxDataFiles = 100_000;
const maxColumns = 100_000;
/** S3 keys have at most 1,024 bytes; room for scheme, bucket and percent-encoding. */
const maxKeyLength = 4_096;
const maxNameLength = 1_024;

/** Ids have 36 characters; as parts of an index they must not be long. */
const maxIdLength = 256;

const id = z.string().min(1).max(maxIdLength);
const text = z.string().min(1).max(maxNameLength);
const keyText = z.string().min(1).max(maxKeyLength);
const account = z.union([z.string().max(maxNameLength), z.int().nonnegative()], 'neither text nor a number').nullish();

const column = z.union(
  [text, z.object({ category: z.string().max(maxNameLength).nullish(), name: z.string().max(maxNameLength) })],
  'neither text nor an object with "name"',
);

export type ColumnEntry = z.infer<typeof column>;

const dataFile = z.union(
  [
    keyText,
    z.object({ s3Uri: keyText }).transform((file) => file.s3Uri),
    z.object({ s3URI: keyText }).transform((file) => file.s3URI),
    z.object({ key: keyText }).transform((file) => file.key),
  ],
  'neither text nor an object with "s3Uri" or "key"',
);

export const legacySchema = z.object({
  assemblyId: id,
  account,
  reportName: text.nullish(),
  billingPeriod: z.object({ start: text, end: text }).nullish(),
  bucket: z.string().max(maxNameLength).nullish(),
  reportKeys: z.array(keyText).max(maxDataFiles),
  columns: z.array(column).max(maxColumns).nullish(),
  compression: z.string().max(maxNameLength).nullish(),
  contentType: z.string().max(maxNameLength).nullish(),
});

export const dataExportSchema = z.object({
  executionId: id,
  exportArn: text.nullish(),
  dataFiles: z.array(dataFile).max(maxDataFiles),
  columns: z.array(column).max(maxColumns).nullish(),
});

/** @throws AppError MANIFEST_INVALID for anything but a JSON object within bounds */
export function readJson(bytes: Uint8Array, subject: string): object {
  checkJsonBounds(bytes, subject);
  const value = parseText(bytes, subject);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(subject, 'is not a JSON object');
  return value;
}

function parseText(bytes: Uint8Array, subject: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AppError('MANIFEST_INVALID', `${subject}: is not JSON in UTF-8`, { cause });
  }
}

/** @throws AppError MANIFEST_INVALID, naming the first entry that was not understood */
export function readShape<T>(schema: z.ZodType<T>, value: object, subject: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(subject, `${pathText(issue?.path ?? [])}: ${issue?.message ?? 'not understood'}`);
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function invalid(subject: string, what: string): AppError {
  return new AppError('MANIFEST_INVALID', `${subject}: ${what}`);
}
