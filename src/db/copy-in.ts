import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Bytes that may wait for the socket; COPY's own messages are cut at 64 KiB. */
const copyBufferBytes = 1024 * 1024;

export interface CopyIn {
  /** `copy … from stdin (…)`. */
  readonly statement: string;
  readonly data: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/**
 * Streams `data` into a COPY on a connection that is inside a transaction, awaiting back-pressure.
 * @returns the number of rows that PostgreSQL took
 * @throws what `data` threw, or the driver's error; the transaction is then to be rolled back
 */
export async function copyIn(client: pg.PoolClient, { statement, data, signal }: CopyIn): Promise<number> {
  const sink = client.query(copyFrom(statement, { highWaterMark: copyBufferBytes }));
  await pipeline(Readable.from(data, { objectMode: true, highWaterMark: 2 }), sink, { ...(signal && { signal }) });
  return sink.rowCount;
}
