import { addAbortSignal } from 'node:stream';
import type { Gunzip, InflateRaw, ZlibOptions } from 'node:zlib';
import { AppError } from '../../errors.ts';
import { throwIfCancelled } from './cancel.ts';
import type { DecodeLimits } from './limits.ts';

/**
 * Output in pieces of 256 KB, four of which zlib's thread may be ahead of us: smaller pieces cost a thread switch each,
 * more of them only memory.
 */
export const inflateOptions: ZlibOptions & { readonly readableHighWaterMark: number } = {
  chunkSize: 256 * 1024,
  readableHighWaterMark: 1024 * 1024,
};

export type ExpansionLimits = Pick<DecodeLimits, 'maxExpandedBytes' | 'maxExpansionRatio' | 'expansionFreeBytes'>;

export interface InflateOptions {
  /** What messages call the compressed bytes. */
  readonly name: string;
  readonly limits: ExpansionLimits;
  /** Maps zlib's own error, with the count of bytes that it had taken in. */
  readonly onInvalid: (error: Error, atByte: number) => AppError;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs compressed bytes through one zlib engine, which works on a thread of its own. Errors of the source pass as they
 * are. When the consumer stops early the engine is closed, and the source as soon as it gives its next chunk. A source
 * that goes on after the compressed data is read to its end; what that means is for the caller to say.
 * @throws AppError EXPANDS_TOO_MUCH, CANCELLED, or what `onInvalid` makes of zlib's error
 */
export async function* inflate(
  source: AsyncIterable<Uint8Array>,
  engine: Gunzip | InflateRaw,
  options: InflateOptions,
): AsyncGenerator<Buffer, void> {
  if (options.signal) addAbortSignal(options.signal, engine);
  const feed = new Feed(source, engine);
  let expandedBytes = 0;
  try {
    for await (const chunk of engine as AsyncIterable<Buffer>) {
      expandedBytes += chunk.length;
      checkExpansion(expandedBytes, engine.bytesWritten, options);
      yield chunk;
    }
    await feed.finished;
  } catch (error) {
    throwIfCancelled(options.signal);
    throw isZlibError(error) ? options.onInvalid(error, engine.bytesWritten) : error;
  } finally {
    feed.stop();
    engine.destroy();
  }
}

/**
 * Writes a source into an engine, no faster than it takes it. Unlike `pipeline` it reads on when the engine has seen the
 * end of its data before the end of the source.
 */
class Feed {
  readonly finished: Promise<void>;
  #stopped = false;
  #wake: () => void = () => {};

  constructor(source: AsyncIterable<Uint8Array>, engine: Gunzip | InflateRaw) {
    engine.on('drain', () => this.#wake());
    engine.on('close', () => this.#wake());
    this.finished = this.#run(source, engine);
    // a failure after the consumer left, or one that destroyed the engine and is thrown from there
    this.finished.catch(() => {});
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #run(source: AsyncIterable<Uint8Array>, engine: Gunzip | InflateRaw): Promise<void> {
    try {
      for await (const chunk of source) {
        if (this.#stopped) return;
        if (engine.readableEnded || engine.destroyed || engine.write(chunk)) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if (this.#stopped) return;
      }
      if (!engine.destroyed) engine.end();
    } catch (error) {
      engine.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }
}

function checkExpansion(expandedBytes: number, compressedBytes: number, { name, limits }: InflateOptions): void {
  if (expandedBytes > limits.maxExpandedBytes) {
    const text = `expands to more than ${limits.maxExpandedBytes} bytes`;
    throw new AppError('EXPANDS_TOO_MUCH', `${name}: ${text} (at compressed byte ${compressedBytes})`);
  }
  if (expandedBytes > limits.expansionFreeBytes && expandedBytes > compressedBytes * limits.maxExpansionRatio) {
    const text = `${compressedBytes} bytes expand to ${expandedBytes}, more than ${limits.maxExpansionRatio} times`;
    throw new AppError('EXPANDS_TOO_MUCH', `${name}: ${text}; no billing file does that`);
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}
