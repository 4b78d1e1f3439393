import { createHash, type Hash } from 'node:crypto';
import { AppError } from '../errors.ts';

/** What was read of an object: proof that two readings saw the same bytes. */
export interface ObjectDigest {
  /** Lowercase hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A stream that passes on what it reads, and knows its digest at the end. */
export interface HashedStream {
  readonly stream: AsyncIterable<Uint8Array>;
  /** @throws AppError INTERNAL before the stream was consumed to its end: a digest of a part would prove nothing */
  digest(): ObjectDigest;
}

export function hashedStream(source: AsyncIterable<Uint8Array>): HashedStream {
  const hasher = new ObjectHasher();
  let isComplete = false;
  async function* pass(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      hasher.update(chunk);
      yield chunk;
    }
    isComplete = true;
  }
  return {
    stream: pass(),
    digest: () => {
      if (!isComplete) throw new AppError('INTERNAL', 'the digest was asked for before the whole object was read');
      return hasher.digest();
    },
  };
}

/** Counts and hashes bytes; its digest may be asked for more than once, but ends it. */
export class ObjectHasher {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;
  #digest: ObjectDigest | undefined;

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }

  digest(): ObjectDigest {
    this.#digest ??= { sha256: this.#hash.digest('hex'), bytes: this.#bytes };
    return this.#digest;
  }
}
