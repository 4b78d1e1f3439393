import pg from 'pg';
import { AppError, type ErrorCode } from '../errors.ts';
import { explainTls } from './tls.ts';

const unavailableSocketCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);

/** Connection exceptions; insufficient resources (disk, memory, connections); errors of the system below. */
const unavailableClasses = new Set(['08', '53', '58']);

/**
 * PostgreSQL's and the driver's errors as ours; anything else is passed through unchanged. SQLSTATE classes are those of
 * the PostgreSQL manual's appendix A.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof pg.DatabaseError) {
    return new AppError(codeOfSqlState(error.code ?? ''), describe(error), { cause: error });
  }
  const tls = error instanceof Error ? explainTls(error) : undefined;
  if (tls !== undefined) return new AppError('DATABASE_UNAVAILABLE', tls, { cause: error });
  if (isConnectionFailure(error)) {
    return new AppError('DATABASE_UNAVAILABLE', `the database cannot be reached: ${error.message || error.code}`, {
      cause: error,
    });
  }
  return error;
}

/** Whether TLS is why a database cannot be used: at a start that is a setting's fault, later a certificate's that is renewed. */
export function isTlsFailure(error: unknown): boolean {
  return error instanceof AppError && error.cause instanceof Error && explainTls(error.cause) !== undefined;
}

/** The driver's own error behind an AppError, where there is one. */
export function sqlErrorOf(error: unknown): pg.DatabaseError | undefined {
  if (error instanceof pg.DatabaseError) return error;
  return error instanceof AppError && error.cause instanceof pg.DatabaseError ? error.cause : undefined;
}

function codeOfSqlState(state: string): ErrorCode {
  switch (state) {
    case '55P03': // lock_not_available
    case '40P01': // deadlock_detected
    case '40001': // serialization_failure
      return 'LOCK_TIMEOUT';
    case '57P01': // admin_shutdown
    case '57P02': // crash_shutdown
    case '57P03': // cannot_connect_now
      return 'DATABASE_UNAVAILABLE';
    case '57014': // query_canceled
    case '25P03': // idle_in_transaction_session_timeout
    case '25P04': // transaction_timeout
      return 'TIMEOUT';
    default:
      return unavailableClasses.has(state.slice(0, 2)) ? 'DATABASE_UNAVAILABLE' : 'DATABASE';
  }
}

function describe(error: pg.DatabaseError): string {
  const where = error.where === undefined ? '' : ` (${error.where.slice(0, 500)})`;
  return `PostgreSQL ${error.code ?? ''}: ${error.message}${where}`;
}

function isConnectionFailure(error: unknown): error is Error & { code?: string } {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    unavailableSocketCodes.has(code) ||
    /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|^query read timeout$/i.test(
      error.message,
    )
  );
}
