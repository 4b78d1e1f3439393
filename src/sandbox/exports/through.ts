import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** `body` as it comes out of `transform`; back-pressure and failures pass through in both directions. */
export async function* through(
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  const pumped = pipeline(Readable.from(body, { objectMode: false }), transform);
  // a failure reaches the reader below through the transform; here it only must not go unhandled
  pumped.catch(() => undefined);
  try {
    yield* transform as AsyncIterable<Uint8Array>;
    await pumped;
  } finally {
    transform.destroy();
  }
}
