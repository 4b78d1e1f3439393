/**
 * Everything that can go wrong, as a closed set of codes. Codes are stored in the registry, filtered on by operators and
 * answered by the API: they are added to, never renamed.
 */
export const errorCodes = [
  // what the caller asked for
  'BAD_CONFIG',
  'BAD_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'ILLEGAL_STATE',
  'UNAUTHORIZED',
  // access to the client's account
  'CREDENTIALS',
  'ASSUME_ROLE_DENIED',
  'LIST_DENIED',
  'GET_DENIED',
  'ACCESS_DENIED',
  'KMS_DENIED',
  'BUCKET_NOT_FOUND',
  // the object and the way to it
  'FILE_MISSING',
  'FILE_CHANGED',
  'FILE_COLD',
  'NETWORK',
  'TIMEOUT',
  'THROTTLED',
  'SERVER_ERROR',
  // what the object holds
  'MANIFEST_INVALID',
  'FORMAT_UNKNOWN',
  'HEADER_INVALID',
  'CSV_INVALID',
  'CSV_RAGGED',
  'TEXT_INVALID',
  'ROW_TOO_LONG',
  'GZIP_INVALID',
  'ZIP_INVALID',
  'PARQUET_INVALID',
  'PARQUET_UNSUPPORTED',
  'EXPANDS_TOO_MUCH',
  'DECODER_CRASHED',
  'DIGEST_MISMATCH',
  'FILES_FAILED',
  // the archive
  'POLICY_INVALID',
  'TABLE_DENIED',
  'TABLE_BUSY',
  'SCHEMA_DRIFTED',
  'ROWS_CHANGED',
  'ON_HOLD',
  'WRITE_DENIED',
  'OBJECT_EXISTS',
  'BUCKET_UNFIT',
  'LOCK_MISSING',
  'ENCRYPTION_MISSING',
  'PROOF_FAILED',
  'SIGNATURE_INVALID',
  'CHAIN_BROKEN',
  'RESTORE_CONFLICT',
  // our own databases and code
  'DATABASE',
  'DATABASE_UNAVAILABLE',
  'LOCK_TIMEOUT',
  'LEASE_LOST',
  'CANCELLED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * The one error of this project. `message` names the thing and its value and says what to do; it never holds a secret.
 * The vendor's error, where there was one, is `cause`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
  }
}

/** Codes that may go away by themselves: worth another attempt. All others wait for a person. */
const transientCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FILE_CHANGED',
  'NETWORK',
  'TIMEOUT',
  'THROTTLED',
  'SERVER_ERROR',
  'DATABASE_UNAVAILABLE',
  'LOCK_TIMEOUT',
  'LEASE_LOST',
  'CANCELLED',
  'TABLE_BUSY',
]);

export function isTransient(code: ErrorCode): boolean {
  return transientCodes.has(code);
}

export function isAppError(error: unknown, ...codes: readonly ErrorCode[]): error is AppError {
  return error instanceof AppError && (codes.length === 0 || codes.includes(error.code));
}

/** Any thrown value as an AppError; what nobody mapped is INTERNAL, with its text kept. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new AppError('INTERNAL', `unexpected error: ${text}`, { cause: error });
}
