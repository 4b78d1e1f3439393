import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/**
 * Above the high-water mark of any socket: the write of such a chunk calls back when all of it was sent, that of a smaller
 * one may call back before. (And smaller ones may be views of Node's shared pool.)
 */
const minReleasedBytes = 128 * 1024;

export interface CopyIn {
  /** `copy … from stdin (…)`. */
  readonly statement: string;
  /** Each chunk is handed over: its memory is given back as soon as it was sent. */
  readonly data: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/**
 * Streams `data` into a COPY on a connection that is inside a transaction, one chunk on its way at a time: the socket's
 * own buffers keep PostgreSQL busy while the next one is made.
 * @returns the number of rows that PostgreSQL took
 * @throws what `data` threw, or the driver's error; the transaction is then to be rolled back
 */
export async function copyIn(client: pg.PoolClient, { statement, data, signal }: CopyIn): Promise<number> {
  const sink = client.query(copyFrom(statement));
  const failed = new Promise<never>((_, reject) => sink.once('error', reject));
  // Looked at only while something is awaited.
  failed.catch(() => undefined);
  try {
    for await (const chunk of data) {
      signal?.throwIfAborted();
      const sent = new Promise<void>((resolve, reject) => {
        sink.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
      await Promise.race([sent, failed]);
      release(chunk);
    }
    sink.end();
    await Promise.race([once(sink, 'finish'), failed]);
    return sink.rowCount;
  } catch (error) {
    await abandon(sink, error);
    throw error;
  }
}

/** Tells PostgreSQL that no more comes, and waits until it has said that the COPY is off: then the connection is of use. */
async function abandon(sink: ReturnType<typeof copyFrom>, reason: unknown): Promise<void> {
  if (sink.destroyed) return;
  const closed = once(sink, 'close').catch(() => undefined);
  sink.on('error', () => undefined);
  sink.destroy(reason instanceof Error ? reason : new Error(String(reason)));
  await closed;
}

/**
 * Gives a chunk's memory back at once. The collector would, too, some time later: with hundreds of megabytes a second
 * passing by, that is a peak of hundreds of megabytes.
 */
function release({ buffer, length }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer) || length < minReleasedBytes) return;
  try {
    buffer.transfer(0);
  } catch {
    // What Node made of a long string cannot be given back (and nothing says so beforehand): it waits for the collector.
  }
}
