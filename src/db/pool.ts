import pg from 'pg';
import { AppError } from '../errors.ts';
import { toDatabaseError } from './database-error.ts';
import { readTls } from './tls.ts';

const connectTimeoutMillis = 10_000;
const idleTimeoutMillis = 30_000;
/** A server that vanished without a word is noticed in minutes, not after the system's two hours. */
const keepAliveInitialDelayMillis = 10_000;
/** A backend whose client has gone is noticed within this time, so that its locks do not outlive it for hours. */
const clientCheckMillis = 10_000;

export interface PoolOptions {
  readonly url: string;
  /** Connections at most. */
  readonly max: number;
  /** An idle connection is given back after so long; default: half a minute. */
  readonly idleMillis?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /**
   * Prepares every new session, instead of the settings given with its start: for servers of others, whose version is not
   * known beforehand, and for poolers, which refuse such settings.
   */
  readonly prepare?: (client: pg.ClientBase) => Promise<void>;
}

const startSettings = [
  '-c TimeZone=UTC',
  '-c DateStyle=ISO,YMD',
  '-c IntervalStyle=postgres',
  '-c extra_float_digits=1',
  '-c bytea_output=hex',
  '-c client_encoding=UTF8',
  // What the role or the database has as its default would end a long COPY, or change what our transactions mean.
  '-c statement_timeout=0',
  '-c lock_timeout=0',
  '-c idle_in_transaction_session_timeout=0',
  '-c default_transaction_read_only=off',
  '-c default_transaction_isolation=read\\ committed',
  '-c standard_conforming_strings=on',
  `-c client_connection_check_interval=${clientCheckMillis}`,
].join(' ');

/**
 * A bounded pool with the session settings that every canonical text of ours relies on: UTC, ISO dates, exact floats.
 * Statements have no timeout of their own here (a COPY may take hours).
 * @throws AppError BAD_CONFIG as readTls
 */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...readTls(options.url),
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectTimeoutMillis,
    idleTimeoutMillis: options.idleMillis ?? idleTimeoutMillis,
    keepAlive: true,
    keepAliveInitialDelayMillis,
    ...(options.prepare === undefined ? { options: startSettings } : { onConnect: options.prepare }),
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}

/** Runs `work` with a connection of the pool; the connection is thrown away when `work` fails in a way that broke it. */
export async function withConnection<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    const mapped = toDatabaseError(error);
    if (mapped instanceof AppError && mapped.code === 'DATABASE_UNAVAILABLE') broken ??= mapped;
    throw mapped;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
