import pLimit, { type LimitFunction } from 'p-limit';
import type pg from 'pg';
import { isTlsFailure, sqlErrorOf } from '../../db/database-error.ts';
import { createPool, type PoolOptions, withConnection } from '../../db/pool.ts';
import { AppError, isAppError } from '../../errors.ts';
import { ThrottleClock } from '../export/throttle.ts';
import { isDirect, type OwnSessionOptions, requireOwnSession } from './own-session.ts';
import { checkSession, prepareSession } from './session-settings.ts';

/** A lock, a snapshot, and a deletion or a look at the catalog beside them. */
export const connectionsPerTable = 3;
/** For plans, inspections and restores. */
export const spareConnections = 2;

/** The oldest server whose catalog and COPY we know. */
const minServerVersion = 130_000;

/** Of a hundred databases on one server, archived one after the other, those that are done must not hold its connections. */
const idleMillis = 1_000;

/** A pooler whose sessions last is believed for so long: it may be set otherwise some day. */
const proofMillis = 5 * 60_000;

export interface SourceOptions {
  /** As in billvault.yaml. */
  readonly name: string;
  readonly url: string;
  /** Connections at most. One more than the tables that are worked on at a time would need two: a lock holds one of its own. */
  readonly max: number;
}

/** A database whose tables are archived. Every session of its pool has the pinned settings. */
export interface Source extends AsyncDisposable {
  readonly name: string;
  readonly pool: pg.Pool;
  /** Tables worked on at the same time, by all runs of this process together: none of them waits for a connection that another holds. */
  readonly slots: LimitFunction;
  /** What all of them together have asked of it, and paused for. */
  readonly clock: ThrottleClock;
}

/**
 * Opens a source database and looks whether it can be archived from.
 * @throws AppError BAD_CONFIG when its URL, its version or what stands before it does not do; DATABASE_UNAVAILABLE
 */
export async function openSource({ name, url, max }: SourceOptions): Promise<Source> {
  const applicationName = `billvault archive ${name}`;
  const prepare = preparation({ url, applicationName });
  const pool = await openPool({ url, max, idleMillis, applicationName, prepare }).catch((error: unknown) => {
    throw explain(error, name);
  });
  const slots = pLimit(Math.max(1, Math.floor((max - spareConnections) / connectionsPerTable)));
  return { name, pool, slots, clock: new ThrottleClock(), [Symbol.asyncDispose]: () => pool.end() };
}

async function openPool(options: PoolOptions): Promise<pg.Pool> {
  const pool = createPool(options);
  try {
    await withConnection(pool, checkServer);
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** What makes a new session one of ours. Nothing is set in it before it is known to be its connection's own. */
function preparation(options: OwnSessionOptions): (client: pg.ClientBase) => Promise<void> {
  let provedAt = Number.NEGATIVE_INFINITY;
  return async (client) => {
    if (!(await isDirect(client)) && performance.now() - provedAt > proofMillis) {
      await requireOwnSession(client, options);
      provedAt = performance.now();
    }
    await prepareSession(client);
  };
}

async function checkServer(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ version: string; number: number; encoding: string }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
            current_setting('server_encoding') as encoding`,
  );
  const [server] = rows;
  if (server === undefined || server.number < minServerVersion) {
    throw new AppError('BAD_CONFIG', `PostgreSQL ${server?.version} is too old: 13 or newer is needed`);
  }
  // No conversion is done from it: bytes that are no text would reach the archive as text.
  if (server.encoding === 'SQL_ASCII') {
    throw new AppError(
      'BAD_CONFIG',
      'a database in the encoding SQL_ASCII does not say which characters its text is of',
    );
  }
  await checkSession(client);
}

function explain(error: unknown, name: string): unknown {
  const text = error instanceof Error ? error.message : String(error);
  if (isTlsFailure(error)) return new AppError('BAD_CONFIG', `source database ${name}: ${text}`, { cause: error });
  if (isAppError(error, 'BAD_CONFIG', 'DATABASE_UNAVAILABLE')) {
    return new AppError(error.code, `source database ${name}: ${text}`, { cause: error });
  }
  // Invalid authorization; no such database; insufficient privilege.
  const isRefusal = /^(28|3D|42501)/.test(sqlErrorOf(error)?.code ?? '');
  return new AppError(isRefusal ? 'BAD_CONFIG' : 'DATABASE', `source database ${name}: ${text}`, { cause: error });
}
