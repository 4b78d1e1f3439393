import type { ErrorCode } from '../../errors.ts';

const reprocess = 'then reprocess the file';

/** What a person can do about a file that failed with this code: one sentence, for the CLI, the API and the docs. */
export function fileAdvice(code: string): string {
  return advice[code as ErrorCode] ?? `Read the error, repair its cause, ${reprocess}.`;
}

const accessAdvice = `Run billvault preflight for the client to see what its role lacks, have it granted, ${reprocess} (all at once with --error).`;
const brokenAdvice = `The object is broken: have the client restore it, or wait for AWS's next delivery; if it was repaired in place, reprocess the file.`;
const laterAdvice = `It was tried as often as the settings allow: when the cause has passed, reprocess the file.`;
const sizeAdvice = `It grows beyond what is allowed. If it is genuine, raise ingest.maxExpandedBytes or ingest.maxExpansionRatio, ${reprocess}.`;

const advice: Partial<Readonly<Record<ErrorCode, string>>> = {
  CREDENTIALS: `Billvault's own AWS identity does not work: repair it, ${reprocess}.`,
  ASSUME_ROLE_DENIED: accessAdvice,
  LIST_DENIED: accessAdvice,
  GET_DENIED: accessAdvice,
  ACCESS_DENIED: accessAdvice,
  KMS_DENIED: accessAdvice,
  BUCKET_NOT_FOUND: `The bucket is gone or was renamed: ask the client, ${reprocess}.`,
  FILE_MISSING: `The manifest lists the object, but it is not in the bucket. Nothing to do if it appears: the next discovery takes it. Otherwise ask the client what deletes billing files.`,
  FILE_CHANGED: `The object was replaced while it was read: reprocess the file, or wait for the delivery that replaced it.`,
  FILE_COLD: `The object lies in a cold storage class: have the client restore it, ${reprocess}.`,
  NETWORK: laterAdvice,
  TIMEOUT: laterAdvice,
  THROTTLED: laterAdvice,
  SERVER_ERROR: laterAdvice,
  FORMAT_UNKNOWN: `It is neither CSV (plain, gzip, zip) nor parquet: see what lies under this key.`,
  HEADER_INVALID: brokenAdvice,
  CSV_INVALID: brokenAdvice,
  CSV_RAGGED: `A row has another number of cells than the header; the error names file and line. ${brokenAdvice}`,
  TEXT_INVALID: brokenAdvice,
  ROW_TOO_LONG: brokenAdvice,
  GZIP_INVALID: brokenAdvice,
  ZIP_INVALID: brokenAdvice,
  PARQUET_INVALID: brokenAdvice,
  PARQUET_UNSUPPORTED: `The file is sound but uses a part of parquet that Billvault does not read: send it, or its schema, to whoever maintains Billvault.`,
  EXPANDS_TOO_MUCH: sizeAdvice,
  DECODER_CRASHED: `Its worker died or ran out of memory: look at the log of that time, ${reprocess}.`,
  DATABASE: `PostgreSQL refused it; the error has its words: repair the cause, ${reprocess}.`,
};
