import type pg from 'pg';
import { toDatabaseError } from '../../db/database-error.ts';
import { withConnection } from '../../db/pool.ts';
import { AppError } from '../../errors.ts';
import type { TableName } from './table-definition.ts';

/** So often the lock's own session is asked whether it still holds it: a network may drop what is silent. */
const defaultHeartbeatMillis = 10_000;
const heartbeatTimeoutMillis = 30_000;

/** The sole right to archive one table of a source database, wherever else archivers run. */
export interface TableLock extends AsyncDisposable {
  /** Aborted, with an AppError LEASE_LOST, when the lock is held no longer: work under it has to stop. */
  readonly signal: AbortSignal;
}

export interface TableLockOptions extends TableName {
  /** Name of the source that the table is read from, where the lock is kept in another database than the table's. */
  readonly replica?: string;
  readonly heartbeatMillis?: number;
}

/** A table's number among advisory locks, in the two halves that pg_locks shows. */
const lockNumber = `hashtextextended('billvault:archive:' || $1, 0)`;

/**
 * Takes the table's advisory lock, on a connection of its own that is held until the lock is disposed of.
 * @throws AppError TABLE_BUSY naming who holds it; BAD_CONFIG behind a pooler that changes sessions; database errors mapped
 */
export async function holdTableLock(pool: pg.Pool, options: TableLockOptions): Promise<TableLock> {
  const taken = Promise.withResolvers<TableLock>();
  const held = withConnection(pool, async (client) => {
    await take(client, options);
    const lock = new HeldLock(client, options);
    taken.resolve({ signal: lock.signal, [Symbol.asyncDispose]: () => lock.release(held) });
    await lock.over;
  });
  held.catch((error: unknown) => taken.reject(error));
  return taken.promise;
}

/** What is locked: the table by its name, and beside the tables of other sources with that of its own. */
function subjectOf({ schema, table, replica }: TableLockOptions): string {
  return replica === undefined ? `${schema}.${table}` : `${replica}/${schema}.${table}`;
}

async function take(client: pg.PoolClient, options: TableLockOptions): Promise<void> {
  const subject = subjectOf(options);
  const { rows } = await client.query<{ taken: boolean }>(`select pg_try_advisory_lock(${lockNumber}) as taken`, [
    subject,
  ]);
  if (rows[0]?.taken !== true) {
    throw new AppError('TABLE_BUSY', `${subject} is being archived by ${await nameHolder(client, subject)}`);
  }
  if (!(await isHeld(client, subject))) {
    throw new AppError(
      'BAD_CONFIG',
      "the source database forgets a session's locks: a connection pooler in transaction mode?",
    );
  }
}

async function nameHolder(client: pg.PoolClient, subject: string): Promise<string> {
  const { rows } = await client.query<{ pid: number; application: string | null; client: string | null }>(
    `select l.pid, a.application_name as application, host(a.client_addr) as client
     from pg_locks l left join pg_stat_activity a on a.pid = l.pid where ${isThisLock}`,
    [subject],
  );
  const [holder] = rows;
  if (holder === undefined) return 'another archiver, which has ended by now';
  const from = holder.client === null ? '' : ` from ${holder.client}`;
  return `process ${holder.pid} of the database (${holder.application || 'no application name'}${from})`;
}

const isThisLock = `l.locktype = 'advisory' and l.granted and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())
  and (l.classid::bigint << 32 | l.objid::bigint) = ${lockNumber}`;

async function isHeld(client: pg.PoolClient, subject: string): Promise<boolean> {
  const { rowCount } = await client.query({
    text: `select from pg_locks l where l.pid = pg_backend_pid() and ${isThisLock}`,
    values: [subject],
    query_timeout: heartbeatTimeoutMillis,
  } as pg.QueryConfig);
  return rowCount === 1;
}

class HeldLock {
  readonly #client: pg.PoolClient;
  readonly #subject: string;
  readonly #lost = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;
  #beat: Promise<void> = Promise.resolve();
  readonly #onError = (error: Error) => this.#lose(error);

  constructor(client: pg.PoolClient, { heartbeatMillis = defaultHeartbeatMillis, ...options }: TableLockOptions) {
    this.#client = client;
    this.#subject = subjectOf(options);
    client.on('error', this.#onError);
    this.#timer = setInterval(() => {
      // One at a time: a slow answer is waited for, up to its own limit.
      this.#beat = this.#beat.then(() => this.#check());
    }, heartbeatMillis);
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Settled when the connection is not needed any more; fails when it is of no more use. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  async release(connection: Promise<void>): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
    if (!this.#lost.signal.aborted) await this.#unlock();
    this.#client.off('error', this.#onError);
    this.#over.resolve();
    // A connection that was lost has let go of its lock by that.
    await connection.catch(() => undefined);
  }

  async #unlock(): Promise<void> {
    await this.#client
      .query(`select pg_advisory_unlock(${lockNumber})`, [this.#subject])
      .catch((error: unknown) => this.#lose(error));
  }

  async #check(): Promise<void> {
    if (this.#lost.signal.aborted) return;
    try {
      if (!(await isHeld(this.#client, this.#subject))) this.#lose(new Error('the session does not hold it'));
    } catch (error) {
      this.#lose(error);
    }
  }

  #lose(cause: unknown): void {
    if (this.#lost.signal.aborted) return;
    clearInterval(this.#timer);
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `the lock of ${this.#subject} in the database was lost (${why}): another archiver may take it`;
    this.#lost.abort(new AppError('LEASE_LOST', text, { cause: toDatabaseError(cause) }));
    // Its session may still be there, and hold the lock: it must not go back into the pool.
    this.#over.reject(new AppError('DATABASE_UNAVAILABLE', text, { cause }));
  }
}
