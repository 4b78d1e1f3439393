import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { readTls } from '../../db/tls.ts';
import { AppError } from '../../errors.ts';

/** A message of one session to another takes milliseconds; only a pooler that would lose it makes us wait as long. */
const messageTimeoutMillis = 10_000;
const connectTimeoutMillis = 10_000;
/** A pooler that has no session left lets us wait; its own limit is minutes. */
const answerTimeoutMillis = 30_000;

export interface OwnSessionOptions {
  /** Leads where the client leads. */
  readonly url: string;
  readonly applicationName: string;
}

/** What the driver was told at the connection's start and does not put into its types. */
type Connected = pg.ClientBase & { readonly processID: number | null };

/**
 * Whether a connection talks to the server itself: it was then told the number of its own server process at its start
 * (PostgreSQL manual, BackendKeyData). A pooler makes a number up, since it may serve a connection by several processes.
 */
export async function isDirect(client: pg.ClientBase): Promise<boolean> {
  return (await processOf(client)) === (client as Connected).processID;
}

/**
 * Proves that a pooler keeps one server session for the connection, also between its transactions: locks and settings of a
 * session mean nothing otherwise. What is sent to a session that nobody uses at the moment reaches the connection only if the
 * session is its own; a pooler that lends sessions out has nobody to give it to. Unlike the sight of one's own lock or process
 * in a later statement, which is as likely as the session is idle, that is no matter of luck.
 * @throws AppError BAD_CONFIG when it does not, or when it cannot be proved; DATABASE_UNAVAILABLE when there is no second session
 */
export async function requireOwnSession(client: pg.ClientBase, options: OwnSessionOptions): Promise<void> {
  if (await isStandby(client)) {
    throw new AppError(
      'BAD_CONFIG',
      `a replica behind a connection pooler: whether its sessions last cannot be proved there; ${advice}`,
    );
  }
  // Nobody else listens to it, and a session that keeps it by mistake never hears of it again.
  const channel = `billvault_${randomBytes(16).toString('hex')}`;
  const heard = new Hearing(client, channel);
  try {
    await ask(client, `listen ${channel}`);
    const ours = await processOf(client);
    const isShared = await notify({ ...options, channel, ours });
    if (!isShared && (await heard.within(messageTimeoutMillis))) return;
  } finally {
    heard.stop();
    await ask(client, `unlisten ${channel}`).catch(() => undefined);
  }
  throw new AppError(
    'BAD_CONFIG',
    `a connection pooler in transaction or statement mode lends every transaction another session: the locks and settings of a session do not hold there; ${advice}`,
  );
}

const advice =
  "use the pooler's session mode (PgBouncer: pool_mode = session for this database), or the server's own address";

/** Whether the channel's message has come. */
class Hearing {
  readonly #client: pg.ClientBase;
  readonly #heard = Promise.withResolvers<true>();
  readonly #listener: (message: pg.Notification) => void;

  constructor(client: pg.ClientBase, channel: string) {
    this.#client = client;
    this.#listener = (message) => {
      if (message.channel === channel) this.#heard.resolve(true);
    };
    client.on('notification', this.#listener);
  }

  /** Meanwhile nothing may be asked of the client: it would borrow a session for that, maybe the one that was told. */
  async within(millis: number): Promise<boolean> {
    const given = Promise.withResolvers<false>();
    const timer = setTimeout(() => given.resolve(false), millis);
    try {
      return await Promise.race([this.#heard.promise, given.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.#client.removeListener('notification', this.#listener);
  }
}

interface Notify extends OwnSessionOptions {
  readonly channel: string;
  /** Server process of the connection that listens. */
  readonly ours: number;
}

/** Sends the message from a connection of its own. @returns whether it is served by the very process that listens, which proves enough */
async function notify({ url, applicationName, channel, ours }: Notify): Promise<boolean> {
  const other = new pg.Client({
    ...readTls(url),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMillis,
  });
  // It shows in what is awaited as well.
  other.on('error', () => undefined);
  try {
    await other.connect();
    const isShared = (await processOf(other)) === ours;
    await ask(other, `notify ${channel}`);
    return isShared;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      'DATABASE_UNAVAILABLE',
      `a second connection through the connection pooler was not served (${said}): it has to allow more connections`,
      { cause },
    );
  } finally {
    await other.end().catch(() => undefined);
  }
}

async function processOf(client: pg.ClientBase): Promise<number> {
  const [row] = await ask<{ pid: number }>(client, 'select pg_catalog.pg_backend_pid() as pid');
  if (row === undefined) throw new AppError('INTERNAL', 'pg_backend_pid() gave no row');
  return row.pid;
}

async function isStandby(client: pg.ClientBase): Promise<boolean> {
  const [row] = await ask<{ standby: boolean }>(client, 'select pg_catalog.pg_is_in_recovery() as standby');
  return row?.standby === true;
}

async function ask<T extends pg.QueryResultRow>(client: pg.ClientBase, text: string): Promise<readonly T[]> {
  const { rows } = await client.query<T>({ text, query_timeout: answerTimeoutMillis } as pg.QueryConfig);
  return rows;
}
