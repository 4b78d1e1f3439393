import { AppError, toAppError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import type { ParquetLimits } from './limits.ts';
import type { PooledThread } from './pooled-thread.ts';
import type { FromDecoder, ToDecoder } from './protocol.ts';
import { ThreadPool } from './thread-pool.ts';

/**
 * JavaScript objects of the decoder: levels, small arrays and the footer's objects. Pages and texts are outside of it and
 * are counted by the limits.
 */
const heapLimits = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 8 } as const;

const decoders = new ThreadPool<ToDecoder, FromDecoder>({
  script: new URL('./decoder-worker.ts', import.meta.url),
  resourceLimits: heapLimits,
});

/** A decoder that has bytes and room for chunks but says nothing for so long is not going to. */
const stallMillis = 120_000;

/** Messages that the file's own logic handles; reads are answered here. */
export type DecoderMessage = Exclude<FromDecoder, { kind: 'read' }>;

export interface DecoderThreadOptions {
  readonly source: ByteSource;
  readonly limits: ParquetLimits;
  readonly signal: AbortSignal | undefined;
  readonly onMessage: (message: DecoderMessage) => void;
  /** Called once when the thread has ended before it was closed; nothing comes after it. */
  readonly onEnd: (error: AppError) => void;
  /** Whether it is the decoder's turn, which the stall limit applies to. */
  readonly isExpected: () => boolean;
}

/**
 * The worker thread around the decoder of one file. Whatever happens in it (an exception outside of every promise, a heap that is full, a
 * loop without end) ends the thread and becomes one AppError here; the process lives on.
 */
export class DecoderThread {
  readonly #options: DecoderThreadOptions;
  readonly #thread: PooledThread<ToDecoder, FromDecoder>;
  readonly #onAbort: () => void;
  #openReads = 0;
  #hasEnded = false;
  #stallTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: DecoderThreadOptions) {
    this.#options = options;
    this.#thread = decoders.lend({
      onMessage: (message) => this.#receive(message),
      onError: (error) => this.#end(crashed(error)),
      onExit: (code) => this.#end(new AppError('DECODER_CRASHED', `the parquet decoder ended (${code})`)),
    });
    this.#thread.post({ kind: 'open', sizeBytes: options.source.sizeBytes, limits: options.limits });
    this.#onAbort = () => this.#end(cancelled(options.signal));
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal?.aborted) this.#onAbort();
    this.watch();
  }

  send(message: ToDecoder): void {
    if (this.#hasEnded) return;
    this.#thread.post(message);
    this.watch();
  }

  /** Starts the stall limit anew; to be called when whose turn it is may have changed. */
  watch(): void {
    clearTimeout(this.#stallTimer);
    if (this.#hasEnded || this.#openReads > 0 || !this.#options.isExpected()) return;
    this.#stallTimer = setTimeout(() => {
      this.#end(new AppError('DECODER_CRASHED', `the parquet decoder said nothing for ${stallMillis / 1000} seconds`));
    }, stallMillis);
  }

  /** `isWhole`: the file was decoded to its end without any failure, and its thread may serve another. */
  close({ isWhole }: { readonly isWhole: boolean }): Promise<void> {
    const isReusable = isWhole && !this.#hasEnded && this.#openReads === 0;
    this.#detach();
    this.#closing ??= isReusable ? decoders.takeBack(this.#thread) : this.#thread.terminate();
    return this.#closing;
  }

  #receive(message: FromDecoder): void {
    if (this.#hasEnded) return;
    if (message.kind === 'chunk') decoders.count(this.#thread, message.length);
    if (message.kind === 'read') void this.#read(message);
    else this.#options.onMessage(message);
    this.watch();
  }

  async #read({ id, start, end }: FromDecoder & { kind: 'read' }): Promise<void> {
    this.#openReads++;
    this.watch();
    try {
      const bytes = await this.#options.source.read(start, end);
      if (bytes.length !== end - start) {
        throw new AppError('INTERNAL', `asked for bytes ${start} to ${end} and got ${bytes.length}`);
      }
      this.#openReads--;
      if (this.#hasEnded) return;
      decoders.count(this.#thread, bytes.length);
      this.#thread.post({ kind: 'bytes', id, bytes }, ownedBuffers(bytes));
      this.watch();
    } catch (error) {
      this.#end(toAppError(error));
    }
  }

  #end(error: AppError): void {
    if (this.#hasEnded) return;
    this.#detach();
    void this.#thread.terminate();
    this.#options.onEnd(error);
  }

  #detach(): void {
    this.#hasEnded = true;
    clearTimeout(this.#stallTimer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** A view into a larger buffer is copied, because others may look at the rest. */
function ownedBuffers({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

function crashed(error: unknown): AppError {
  const text = error instanceof Error ? error.message : String(error);
  return new AppError('DECODER_CRASHED', `the parquet decoder crashed: ${text}`, { cause: error });
}

function cancelled(signal: AbortSignal | undefined): AppError {
  const { reason } = signal ?? {};
  if (reason instanceof AppError) return reason;
  return new AppError('CANCELLED', 'reading a parquet file was cancelled', { cause: reason });
}
