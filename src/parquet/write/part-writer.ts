import { AppError } from '../../errors.ts';
import type { PooledThread } from '../pooled-thread.ts';
import { ThreadPool } from '../thread-pool.ts';
import { checkPartOptions } from './check-part-options.ts';
import type { WriterColumn } from './column.ts';
import type { Compression } from './compress.ts';
import type { PartOptions, WrittenPart } from './part-encoder.ts';
import { metadataKeys } from './part-metadata.ts';
import type { FromEncoder, ToEncoder } from './protocol.ts';

export type { Compression } from './compress.ts';
export type { WrittenPart } from './part-encoder.ts';

/** Text on its way to the encoder: enough that it never waits, little against what it holds itself. */
const maxWaitingBytes = 4 * 2 ** 20;

/**
 * An encoder that is at work but says nothing for so long is not going to: a row group takes zstd's slowest level
 * half a minute.
 */
const stallMillis = 600_000;

/** JavaScript objects of the encoder; texts, values and pages are outside of it and bounded by the row group. */
const heapLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 8 } as const;

const encoders = new ThreadPool<ToEncoder, FromEncoder>({
  script: new URL('./encoder-worker.ts', import.meta.url),
  resourceLimits: heapLimits,
});

export interface PartWriterOptions {
  readonly columns: readonly WriterColumn[];
  readonly compression: Compression;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes one part: canonical COPY text in, a parquet file out. It is encoded and compressed in a thread of its own and
 * assembled in memory. The same lines, metadata and options give the same bytes.
 */
export interface PartWriter extends AsyncDisposable {
  /**
   * Whole lines. Where the array fills its whole ArrayBuffer, that buffer moves to the encoder's thread and is unusable here
   * afterwards; another is copied. Resolves when more may be sent.
   * @throws AppError BAD_INPUT for lines that PostgreSQL would have printed otherwise, TEXT_INVALID for text that is not
   * UTF-8, ROW_TOO_LONG, CANCELLED; the error may be that of lines sent before
   */
  write(lines: Uint8Array): Promise<void>;

  /**
   * The file. `metadata` goes into the footer, where the writer adds its own `billvault.columns` and `billvault.spills`.
   * @throws AppError as `write`; BAD_INPUT for metadata with those keys
   */
  finish(metadata: ReadonlyMap<string, string>): Promise<WrittenPart>;
}

/** @throws AppError BAD_INPUT for columns or a compression that parquet, or its readers, do not have */
export function openPartWriter({ columns, compression, signal }: PartWriterOptions): PartWriter {
  const options: PartOptions = { columns, compression };
  checkPartOptions(options);
  return new ThreadedWriter(options, signal);
}

class ThreadedWriter implements PartWriter {
  readonly #thread: PooledThread<ToEncoder, FromEncoder>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #waitingBytes = 0;
  #isFinishing = false;
  #part: WrittenPart | undefined;
  #error: AppError | undefined;
  #wake: () => void = () => undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  /** The thread's end, or its way back for another part. */
  #ending: Promise<void> | undefined;

  constructor(options: PartOptions, signal: AbortSignal | undefined) {
    this.#thread = encoders.lend({
      onMessage: (message) => this.#receive(message),
      onError: (error) => this.#end(crashed(error.message, error)),
      onExit: (code) => this.#end(crashed(`it ended with status ${code}`)),
    });
    this.#thread.post({ kind: 'begin', options });
    this.#signal = signal;
    this.#onAbort = () => this.#end(cancelled(signal));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  async write(lines: Uint8Array): Promise<void> {
    this.#check();
    if (lines.length === 0) return;
    const bytes = owned(lines);
    this.#waitingBytes += bytes.length;
    encoders.count(this.#thread, bytes.length);
    this.#send({ kind: 'lines', bytes }, [bytes.buffer]);
    while (this.#waitingBytes > maxWaitingBytes) await this.#news();
  }

  async finish(metadata: ReadonlyMap<string, string>): Promise<WrittenPart> {
    this.#check();
    for (const key of Object.values(metadataKeys)) {
      if (metadata.has(key)) throw new AppError('BAD_INPUT', `footer metadata ${key} is set by the parquet writer`);
    }
    this.#isFinishing = true;
    this.#send({ kind: 'finish', metadata }, []);
    while (this.#part === undefined) await this.#news();
    return this.#part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new AppError('CANCELLED', 'the parquet writer was closed'));
    await this.#ending;
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#isFinishing) throw new AppError('INTERNAL', 'the parquet writer was used after its end');
  }

  #send(message: ToEncoder, buffers: ArrayBuffer[]): void {
    this.#thread.post(message, buffers);
    this.#watch();
  }

  /** Waits for the encoder's next message. @throws AppError when it has failed */
  async #news(): Promise<void> {
    if (this.#error === undefined) {
      const woken = Promise.withResolvers<void>();
      const others = this.#wake;
      this.#wake = () => {
        others();
        woken.resolve();
      };
      await woken.promise;
    }
    if (this.#error !== undefined) throw this.#error;
  }

  #receive(message: FromEncoder): void {
    switch (message.kind) {
      case 'taken':
        this.#waitingBytes -= message.bytes;
        this.#watch();
        break;
      case 'written':
        this.#part = message.part;
        this.#detach();
        this.#ending = encoders.takeBack(this.#thread);
        break;
      case 'failed':
        this.#end(new AppError(message.code, message.message));
        break;
    }
    this.#wakeAll();
  }

  #end(error: AppError): void {
    if (this.#part !== undefined || this.#error !== undefined) return;
    this.#error = error;
    this.#detach();
    this.#ending = this.#thread.terminate();
    this.#wakeAll();
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = () => undefined;
    wake();
  }

  /** Starts the stall limit anew while the encoder has something to do. */
  #watch(): void {
    clearTimeout(this.#stallTimer);
    if (this.#error !== undefined || (this.#waitingBytes === 0 && !this.#isFinishing)) return;
    this.#stallTimer = setTimeout(
      () => this.#end(crashed(`it said nothing for ${stallMillis / 1000} seconds`)),
      stallMillis,
    );
  }

  #detach(): void {
    clearTimeout(this.#stallTimer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** A view into a larger buffer is copied, because others may look at the rest. */
function owned(lines: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = lines;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) return new Uint8Array(buffer);
  return Uint8Array.from(lines);
}

function crashed(message: string, cause?: unknown): AppError {
  return new AppError('INTERNAL', `the parquet encoder crashed: ${message}`, { cause });
}

function cancelled(signal: AbortSignal | undefined): AppError {
  const { reason } = signal ?? {};
  if (reason instanceof AppError) return reason;
  return new AppError('CANCELLED', 'writing a parquet file was cancelled', { cause: reason });
}
