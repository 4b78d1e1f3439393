import type { SourceColumn } from '../db/column-type.ts';
import { AppError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { type DecoderMessage, DecoderThread } from './decoder-thread.ts';
import { defaultLimits, type ParquetLimits } from './limits.ts';
import { fromFailure } from './protocol.ts';
import type { PrintedRows } from './row-decoder.ts';
import type { ParquetSchema } from './schema.ts';

export interface OpenParquetOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<ParquetLimits> | undefined;
}

export interface CopyRowsOptions {
  /** Columns to copy, in this order, by their index; by default all but those in `moreColumns`. */
  readonly columns?: readonly number[] | undefined;
  /** Names of columns to be given as exact text instead of as text of their own type. */
  readonly asText?: ReadonlySet<string> | undefined;
  /** Columns for one last field, a JSON object of exact texts without the nulls: index of the column to its key there. */
  readonly moreColumns?: ReadonlyMap<number, string> | undefined;
  /** Lines as their server printed them, for files of our own writer; in place of numbered ones. */
  readonly asPrinted?: PrintedRows | undefined;
}

/** One parquet file, decoded in a thread of its own. */
export interface ParquetFile {
  /** Top-level columns in file order; names may repeat. */
  readonly columns: readonly SourceColumn[];
  readonly rowCount: number;
  readonly schema: ParquetSchema;
  /** What the file's writer put into the footer beside the rows. */
  readonly keyValues: ReadonlyMap<string, string>;

  /**
   * Every row as a line of COPY's text format: the row's number from 1, then a field a column. Each buffer ends at a line's
   * end. One copy at a time; a new one starts from the first row again.
   * @throws AppError PARQUET_INVALID, PARQUET_UNSUPPORTED, TEXT_INVALID, EXPANDS_TOO_MUCH, ROW_TOO_LONG, DECODER_CRASHED,
   * CANCELLED, or what the byte source threw; WiderTypeNeeded where a column has to be copied as text
   */
  copyRows(options?: CopyRowsOptions): AsyncGenerator<Buffer, void>;

  /** Ends the thread, or leaves it to the next file where this one was copied whole. Harmless when called twice. */
  close(): Promise<void>;
}

/**
 * Reads the file's footer and answers what is in it. The caller closes the file.
 * @throws AppError as `copyRows`; then there is nothing to close
 */
export async function openParquet(source: ByteSource, options: OpenParquetOptions = {}): Promise<ParquetFile> {
  const file = new ThreadedFile(source, options);
  try {
    await file.opened;
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Chunks on their way at once: enough that neither side waits for a message, few enough to stay small. */
const chunksAhead = 6;

/** A running copy, as the main thread sees it. */
interface Copy {
  readonly copyId: number;
  readonly chunks: Buffer[];
  /** Chunks that the decoder may still send. */
  wanted: number;
  isDone: boolean;
  error: unknown;
  wake: () => void;
}

class ThreadedFile implements ParquetFile {
  readonly #thread: DecoderThread;
  readonly #opening = Promise.withResolvers<void>();
  #isOpening = true;
  /** Whether the last copy, and no failure, came to its end. */
  #isWhole = false;
  #hasFailed = false;
  #lastCopyId = 0;
  #copy: Copy | undefined;
  #ended: AppError | undefined;
  columns: readonly SourceColumn[] = [];
  rowCount = 0;
  schema: ParquetSchema = { columns: [], leaves: [] };
  keyValues: ReadonlyMap<string, string> = new Map();

  constructor(source: ByteSource, { signal, limits }: OpenParquetOptions) {
    this.#thread = new DecoderThread({
      source,
      limits: { ...defaultLimits, ...limits },
      signal,
      onMessage: (message) => this.#receive(message),
      onEnd: (error) => this.#end(error),
      isExpected: () => this.#isOpening || (this.#copy !== undefined && !this.#copy.isDone && this.#copy.wanted > 0),
    });
  }

  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  async *copyRows(options: CopyRowsOptions = {}): AsyncGenerator<Buffer, void> {
    const { columns, asText, moreColumns = new Map(), asPrinted } = options;
    if (this.#copy !== undefined) throw new AppError('INTERNAL', 'a parquet file is being copied already');
    const copyId = ++this.#lastCopyId;
    const copy: Copy = { copyId, chunks: [], wanted: chunksAhead, isDone: false, error: this.#ended, wake: () => {} };
    this.#copy = copy;
    this.#isWhole = false;
    const indexes = [...this.columns.keys()];
    const request = {
      columns: columns ?? indexes.filter((index) => !moreColumns.has(index)),
      asText: new Set(indexes.filter((index) => asText?.has(this.columns[index]?.name ?? ''))),
      moreColumns,
      asPrinted,
    };
    this.#thread.send({ kind: 'copy', copyId, request });
    this.#thread.send({ kind: 'want', copyId, chunks: chunksAhead });
    try {
      yield* this.#chunksOf(copy);
    } finally {
      this.#copy = undefined;
      if (!copy.isDone) this.#thread.send({ kind: 'stop', copyId });
      this.#thread.watch();
    }
  }

  async close(): Promise<void> {
    const isWhole = this.#isWhole && !this.#hasFailed;
    this.#ended ??= new AppError('CANCELLED', 'the parquet file was closed');
    this.#fail(this.#ended);
    await this.#thread.close({ isWhole });
  }

  async *#chunksOf(copy: Copy): AsyncGenerator<Buffer, void> {
    for (;;) {
      const chunk = copy.chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
        copy.wanted++;
        this.#thread.send({ kind: 'want', copyId: copy.copyId, chunks: 1 });
        continue;
      }
      if (copy.error !== undefined) throw copy.error;
      if (copy.isDone) return;
      const woken = Promise.withResolvers<void>();
      copy.wake = woken.resolve;
      await woken.promise;
    }
  }

  #receive(message: DecoderMessage): void {
    switch (message.kind) {
      case 'opened':
        this.columns = message.columns;
        this.rowCount = message.rowCount;
        this.schema = message.schema;
        this.keyValues = message.keyValues;
        this.#isOpening = false;
        this.#opening.resolve();
        return;
      case 'failed':
        this.#isOpening = false;
        this.#hasFailed = true;
        this.#opening.reject(fromFailure(message.failure));
        return;
      case 'chunk':
        this.#update(message.copyId, (copy) => {
          copy.wanted--;
          copy.chunks.push(Buffer.from(message.buffer, 0, message.length));
        });
        return;
      case 'copied':
        this.#update(message.copyId, (copy) => {
          copy.isDone = true;
          this.#isWhole = true;
        });
        return;
      case 'copy-failed':
        this.#hasFailed = true;
        this.#update(message.copyId, (copy) => {
          copy.isDone = true;
          copy.error = fromFailure(message.failure);
        });
        return;
    }
  }

  /** Messages of a copy that is over are late and mean nothing. */
  #update(copyId: number, change: (copy: Copy) => void): void {
    if (this.#copy?.copyId !== copyId) return;
    change(this.#copy);
    this.#copy.wake();
  }

  #end(error: AppError): void {
    this.#ended = error;
    this.#fail(error);
  }

  #fail(error: AppError): void {
    if (this.#isOpening) {
      this.#isOpening = false;
      this.#opening.reject(error);
    }
    if (this.#copy === undefined || this.#copy.isDone) return;
    this.#copy.isDone = true;
    this.#copy.error = error;
    this.#copy.wake();
  }
}
