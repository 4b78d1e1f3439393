import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { AppError } from '../errors.ts';
import { cancelQuery } from './cancel-query.ts';
import { toDatabaseError } from './database-error.ts';
import { LineChunks } from './line-chunks.ts';

/** A sort of a large month may take a while before its first row; more than this is no work but a server that hangs. */
const defaultStallMillis = 30 * 60_000;
/** How long a cancelled COPY may take to end before its connection is given up. */
const abandonMillis = 10_000;

export interface CopyOut {
  /** `copy (…) to stdout`. */
  readonly statement: string;
  /** What is read, for error messages: `public.ledger`. */
  readonly subject: string;
  readonly signal?: AbortSignal | undefined;
  /** The server may be silent for as long while we wait for it. */
  readonly stallMillis?: number | undefined;
}

/** The driver calls these on whatever it was given as a query; the types of pg-copy-streams do not tell. */
interface QueryCallbacks {
  handleError(error: unknown): void;
  handleReadyForQuery(): void;
}

type CopyStream = ReturnType<typeof copyTo> & QueryCallbacks;

/** A COPY under way: its bytes, and how it ended. */
interface Copy {
  readonly bytes: AsyncIterator<Buffer>;
  /** Settled when the server is done with the statement: that may be well after its last byte (deferred triggers). */
  readonly settled: Promise<void>;
  readonly isSettled: () => boolean;
}

/**
 * The lines of a COPY in the server's own text format, in chunks of about 256 KiB that end at line ends, each with a memory
 * of its own. As many are read as are asked for: back-pressure reaches the server. The generator returns when the server has
 * said that the statement succeeded. Ended early, it cancels the statement and waits for its end: inside a transaction, that
 * transaction is then to be rolled back. A connection whose COPY does not end is destroyed.
 * @throws AppError ROW_TOO_LONG; TIMEOUT when the server stalls; database errors mapped; the signal's reason
 */
export async function* copyOut(client: pg.PoolClient, options: CopyOut): AsyncGenerator<Buffer, void> {
  options.signal?.throwIfAborted();
  const copy = start(client, options.statement);
  const waiting = new Waiting(options);
  try {
    const lines = new LineChunks(options.subject);
    for (;;) {
      const { value, done } = await waiting.for(copy.bytes.next());
      if (done) break;
      const chunk = lines.add(value);
      if (chunk !== undefined) yield chunk;
    }
    await waiting.for(copy.settled);
    const last = lines.end();
    if (last !== undefined) yield last;
  } catch (error) {
    throw toDatabaseError(error);
  } finally {
    waiting.stop();
    if (!copy.isSettled()) await abandon(client, copy);
  }
}

function start(client: pg.PoolClient, statement: string): Copy {
  const stream = copyTo(statement) as CopyStream;
  let isSettled = false;
  const settled = new Promise<void>((resolve, reject) => {
    stream.handleReadyForQuery = () => {
      isSettled = true;
      resolve();
    };
    stream.handleError = (error) => {
      isSettled = true;
      reject(error);
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    };
  });
  // Both are looked at in their turn; until then a failure is no unhandled one.
  settled.catch(() => undefined);
  stream.on('error', () => undefined);
  client.query(stream);
  return { bytes: stream.iterator({ destroyOnReturn: false }), settled, isSettled: () => isSettled };
}

/** Waits for the server, but not for longer than it may stall, nor after the signal. While nobody waits, no clock runs. */
class Waiting {
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #interrupt: ((reason: unknown) => void) | undefined;
  readonly #onAbort = () => this.#interrupt?.(this.#signal?.reason);

  constructor({ signal, subject, stallMillis = defaultStallMillis }: CopyOut) {
    this.#signal = signal;
    this.#timer = setTimeout(() => {
      const seconds = Math.round(stallMillis / 1000);
      this.#interrupt?.(new AppError('TIMEOUT', `the server sent nothing of ${subject} for ${seconds} s`));
    }, stallMillis);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** A promise of its own for every wait: a race with one that lives as long as the COPY would keep every chunk. */
  async for<T>(what: Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    this.#timer.refresh();
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#interrupt = reject;
        what.then(resolve, reject);
      });
    } finally {
      this.#interrupt = undefined;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** Cancels a COPY that nobody wants any more, and takes what is still on its way, so that the connection is of use again. */
async function abandon(client: pg.PoolClient, copy: Copy): Promise<void> {
  const over = Promise.allSettled([drain(copy.bytes), copy.settled]);
  // To its end, so that it does not meet the connection's next statement.
  await cancelQuery(client);
  const timer = setTimeout(() => destroy(client), abandonMillis);
  await over;
  clearTimeout(timer);
}

async function drain(bytes: AsyncIterator<Buffer>): Promise<void> {
  while (!(await bytes.next()).done);
}

/** Ends the COPY in any case; the driver reports the loss, and the pool does not take such a connection back. */
function destroy(client: pg.PoolClient): void {
  const { connection } = client as unknown as { readonly connection: pg.Connection };
  connection.stream.destroy(new Error('Connection terminated: a cancelled COPY did not end'));
}
