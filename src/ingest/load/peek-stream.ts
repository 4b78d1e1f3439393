import { type HashedStream, hashedStream } from '../../aws/object-digest.ts';
import type { ObjectReader } from '../../aws/object-store.ts';
import { readObject } from '../../aws/resumable-read.ts';
import type { ObjectToLoad } from './file-reading.ts';

/** A download that has begun: its first bytes, and all of it, those included. */
export interface PeekedStream extends HashedStream {
  readonly head: Uint8Array;
  close(): Promise<void>;
}

/** Begins the one GET of a file, so that what it is can be told from its bytes without a second request. */
export async function peekStream(reader: ObjectReader, object: ObjectToLoad, headBytes: number): Promise<PeekedStream> {
  const source = readObject(reader, object);
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < headBytes) {
    const next = await source.next();
    if (next.done) break;
    first.push(next.value);
    length += next.value.length;
  }
  const head = Buffer.concat(first);
  async function* whole(): AsyncGenerator<Uint8Array, void> {
    if (head.length > 0) yield head;
    yield* source;
  }
  return { ...hashedStream(whole()), head, close: async () => void (await source.return()) };
}
