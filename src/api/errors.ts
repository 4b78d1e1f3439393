import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type AppError, type ErrorCode, toAppError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { toRegistryError } from '../registry/registry-error.ts';

/**
 * 400 what was asked, 401 who asked, 404, 409 state; 424 the client's AWS account refuses us, 422 what lies in its
 * bucket cannot be used; 503 and 504 may pass by themselves; 500 is ours.
 */
export function statusOf(code: ErrorCode): ContentfulStatusCode {
  switch (code) {
    case 'BAD_INPUT':
    case 'POLICY_INVALID':
      return 400;
    case 'UNAUTHORIZED':
      return 401;
    case 'NOT_FOUND':
      return 404;
    case 'CONFLICT':
    case 'ILLEGAL_STATE':
    case 'TABLE_DENIED':
    case 'SCHEMA_DRIFTED':
    case 'ROWS_CHANGED':
    case 'ON_HOLD':
    case 'OBJECT_EXISTS':
    case 'RESTORE_CONFLICT':
      return 409;
    case 'CREDENTIALS':
    case 'ASSUME_ROLE_DENIED':
    case 'LIST_DENIED':
    case 'GET_DENIED':
    case 'ACCESS_DENIED':
    case 'KMS_DENIED':
    case 'BUCKET_NOT_FOUND':
    case 'WRITE_DENIED':
      return 424;
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
      return 422;
    case 'TIMEOUT':
      return 504;
    case 'FILE_CHANGED':
    case 'NETWORK':
    case 'THROTTLED':
    case 'SERVER_ERROR':
    case 'DATABASE_UNAVAILABLE':
    case 'LOCK_TIMEOUT':
    case 'LEASE_LOST':
    case 'CANCELLED':
    case 'TABLE_BUSY':
      return 503;
    case 'BAD_CONFIG':
    case 'DATABASE':
    case 'INTERNAL':
      return 500;
  }
}

/** What every request that fails is answered with. */
export interface ErrorBody {
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

/** Refusals of the protocol itself (host, size, media type) are HTTPExceptions; everything else is an AppError. */
export function answerError(error: unknown, c: Context, log: Logger): Response {
  if (error instanceof HTTPException) {
    const code = error.status === 403 ? 'UNAUTHORIZED' : 'BAD_INPUT';
    return c.json({ error: { code, message: error.message } } satisfies ErrorBody, error.status);
  }
  const failure = toAppError(toRegistryError(error));
  const status = statusOf(failure.code);
  if (status === 401) c.header('WWW-Authenticate', 'Bearer');
  if (status === 503) c.header('Retry-After', '5');
  if (status === 500) logOurs(failure, c, log);
  return c.json({ error: { code: failure.code, message: shownMessage(failure) } } satisfies ErrorBody, status);
}

/** What nobody foresaw is told to the log, not to the caller: it may quote what the caller should not see. */
function shownMessage({ code, message }: AppError): string {
  if (code !== 'INTERNAL' && code !== 'DATABASE') return message;
  return 'something went wrong in the service itself; its log says what';
}

function logOurs({ code, message, stack, cause }: AppError, c: Context, log: Logger): void {
  const where = cause instanceof Error ? cause.stack : stack;
  log.error({ method: c.req.method, path: c.req.path, code, err: message, stack: where }, 'API: request failed');
}
