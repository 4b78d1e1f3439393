import { createGunzip } from 'node:zlib';
import { AppError } from '../../errors.ts';
import { type ExpansionLimits, inflate, inflateOptions } from './inflate.ts';
import { defaultLimits } from './limits.ts';

export interface GunzipOptions {
  /** What messages call the object. */
  readonly name: string;
  readonly limits?: ExpansionLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Expands gzip (RFC 1952): any number of members one after the other, with or without names, then zeros at most. CRC and
 * length of every member are checked. Memory: about 1 MB of output ahead of the consumer.
 * @throws AppError GZIP_INVALID with the byte at which it was noticed, EXPANDS_TOO_MUCH, and whatever the source throws
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>, options: GunzipOptions): AsyncGenerator<Buffer, void> {
  const { name, signal, limits = defaultLimits } = options;
  const tail = new TailWatch();
  const engine = createGunzip(inflateOptions);
  yield* inflate(tail.watch(source), engine, {
    name,
    limits,
    signal,
    onInvalid: (error, byte) => invalid(name, byte, error.message, error),
  });
  // zlib stops at a zero after a member and never looks at what follows
  if (tail.dataEnd > engine.bytesWritten)
    throw invalid(name, engine.bytesWritten, 'bytes after the end of the gzip data');
}

/** Notices where, in a stream passing by, the last byte is that is not zero. */
class TailWatch {
  dataEnd = 0;

  async *watch(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    let bytes = 0;
    for await (const chunk of source) {
      let end = chunk.length;
      while (end > 0 && chunk[end - 1] === 0) end--;
      if (end > 0) this.dataEnd = bytes + end;
      bytes += chunk.length;
      yield chunk;
    }
  }
}

function invalid(name: string, byte: number, text: string, cause?: unknown): AppError {
  return new AppError('GZIP_INVALID', `${name}, compressed byte ${byte}: ${text}`, { cause });
}
