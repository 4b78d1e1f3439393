import type { ByteSource } from './byte-source.ts';
import { type FileLayout, readFooter } from './footer.ts';
import type { ParquetLimits } from './limits.ts';
import { type FromDecoder, type ToDecoder, toFailure } from './protocol.ts';
import { type CopyRequest, decodeRows, type RowOutput } from './row-decoder.ts';
import { sourceColumn } from './schema.ts';

interface Copy {
  readonly copyId: number;
  wantedChunks: number;
  isStopped: boolean;
  wake: () => void;
}

/** What ends a copy that the main thread no longer wants; nobody sees it. */
class Stopped extends Error {}

export interface DecoderFileOptions {
  readonly sizeBytes: number;
  readonly limits: ParquetLimits;
  readonly send: (message: FromDecoder, transfer?: readonly ArrayBuffer[]) => void;
}

/**
 * One file in the decoder's thread: opened once, then its rows are copied as often as asked, one copy at a time. All its bytes
 * come from the main thread, and chunks go there only as they are wanted. Nothing of the file is kept anywhere else.
 */
export class DecoderFile {
  readonly #limits: ParquetLimits;
  readonly #send: DecoderFileOptions['send'];
  readonly #source: ByteSource;
  /** A read that fails ends the thread, so none is ever rejected. */
  readonly #reads = new Map<number, (bytes: Uint8Array) => void>();
  #lastReadId = 0;
  #layout: FileLayout | undefined;
  #copy: Copy | undefined;

  constructor({ sizeBytes, limits, send }: DecoderFileOptions) {
    this.#limits = limits;
    this.#send = send;
    this.#source = { sizeBytes, read: (start, end) => this.#read(start, end) };
  }

  async open(): Promise<void> {
    try {
      this.#layout = await readFooter(this.#source, this.#limits);
      const { schema, keyValues, rowCount } = this.#layout;
      this.#send({ kind: 'opened', columns: schema.columns.map(sourceColumn), schema, keyValues, rowCount });
    } catch (error) {
      this.#send({ kind: 'failed', failure: toFailure(error) });
    }
  }

  receive(message: Exclude<ToDecoder, { kind: 'open' }>): void {
    switch (message.kind) {
      case 'bytes':
        this.#reads.get(message.id)?.(message.bytes);
        this.#reads.delete(message.id);
        return;
      case 'copy':
        void this.#run(message.copyId, message.request);
        return;
      case 'want':
        if (this.#copy?.copyId !== message.copyId) return;
        this.#copy.wantedChunks += message.chunks;
        this.#copy.wake();
        return;
      case 'stop':
        if (this.#copy?.copyId !== message.copyId) return;
        this.#copy.isStopped = true;
        this.#copy.wake();
        return;
    }
  }

  /** Whether nothing of the file is under way. */
  get isAtRest(): boolean {
    return this.#reads.size === 0 && this.#copy === undefined;
  }

  #read(start: number, end: number): Promise<Uint8Array> {
    const id = ++this.#lastReadId;
    return new Promise((resolve) => {
      this.#reads.set(id, resolve);
      this.#send({ kind: 'read', id, start, end });
    });
  }

  async #run(copyId: number, request: CopyRequest): Promise<void> {
    const copy: Copy = { copyId, wantedChunks: 0, isStopped: false, wake: () => undefined };
    this.#copy = copy;
    try {
      if (this.#layout === undefined) throw new Error('rows were asked for before the file was open');
      const output = this.#outputOf(copy);
      await decodeRows({ source: this.#source, layout: this.#layout, limits: this.#limits, request, output });
      // the main thread may end the file as soon as it reads this
      this.#leave(copy);
      this.#send({ kind: 'copied', copyId });
    } catch (error) {
      this.#leave(copy);
      if (!(error instanceof Stopped)) this.#send({ kind: 'copy-failed', copyId, failure: toFailure(error) });
    }
  }

  /** A copy that was stopped may end after the next has begun. */
  #leave(copy: Copy): void {
    if (this.#copy === copy) this.#copy = undefined;
  }

  #outputOf(copy: Copy): RowOutput {
    const wait = async (): Promise<void> => {
      while (copy.wantedChunks <= 0 && !copy.isStopped) {
        const woken = Promise.withResolvers<void>();
        copy.wake = woken.resolve;
        await woken.promise;
      }
      if (copy.isStopped) throw new Stopped();
    };
    return {
      emit: (buffer, length) => {
        copy.wantedChunks--;
        this.#send({ kind: 'chunk', copyId: copy.copyId, buffer, length }, [buffer]);
      },
      wanted: () => (copy.wantedChunks > 0 && !copy.isStopped ? undefined : wait()),
    };
  }
}
