import { type ErrorCode, toAppError } from './errors.ts';
import { printable } from './printable.ts';
import { toRegistryError } from './registry/registry-error.ts';

/**
 * What a process that ended with this error says to its caller: 2 wrong usage or settings, 3 not found, 4 conflict or
 * illegal state, 5 access refused, 6 a file or its data, 7 may pass by itself, 1 the rest. 0 is success.
 */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'BAD_CONFIG':
    case 'BAD_INPUT':
    case 'POLICY_INVALID':
      return 2;
    case 'NOT_FOUND':
      return 3;
    case 'CONFLICT':
    case 'ILLEGAL_STATE':
    case 'TABLE_DENIED':
    case 'SCHEMA_DRIFTED':
    case 'ROWS_CHANGED':
    case 'ON_HOLD':
    case 'OBJECT_EXISTS':
    case 'RESTORE_CONFLICT':
      return 4;
    case 'UNAUTHORIZED':
    case 'CREDENTIALS':
    case 'ASSUME_ROLE_DENIED':
    case 'LIST_DENIED':
    case 'GET_DENIED':
    case 'ACCESS_DENIED':
    case 'KMS_DENIED':
    case 'BUCKET_NOT_FOUND':
    case 'WRITE_DENIED':
      return 5;
    case 'FILE_MISSING':
    case 'FILE_COLD':
    case 'MANIFEST_INVALID':
    case 'FORMAT_UNKNOWN':
    case 'HEADER_INVALID':
    case 'CSV_INVALID':
    case 'CSV_RAGGED':
    case 'TEXT_INVALID':
    case 'ROW_TOO_LONG':
    case 'GZIP_INVALID':
    case 'ZIP_INVALID':
    case 'PARQUET_INVALID':
    case 'PARQUET_UNSUPPORTED':
    case 'EXPANDS_TOO_MUCH':
    case 'DECODER_CRASHED':
    case 'DIGEST_MISMATCH':
    case 'FILES_FAILED':
    case 'BUCKET_UNFIT':
    case 'LOCK_MISSING':
    case 'ENCRYPTION_MISSING':
    case 'PROOF_FAILED':
    case 'SIGNATURE_INVALID':
    case 'CHAIN_BROKEN':
      return 6;
    case 'FILE_CHANGED':
    case 'NETWORK':
    case 'TIMEOUT':
    case 'THROTTLED':
    case 'SERVER_ERROR':
    case 'DATABASE_UNAVAILABLE':
    case 'LOCK_TIMEOUT':
    case 'LEASE_LOST':
    case 'CANCELLED':
    case 'TABLE_BUSY':
      return 7;
    case 'DATABASE':
    case 'INTERNAL':
      return 1;
  }
}

/**
 * Tells people why a process ends: one line, `error CODE: message`.
 * @returns the exit code
 */
export function reportFailure(error: unknown, stderr: { write(text: string): unknown }): number {
  const { code, message } = toAppError(toRegistryError(error));
  stderr.write(`error ${code}: ${printable(message)}\n`);
  return exitCodeOf(code);
}
