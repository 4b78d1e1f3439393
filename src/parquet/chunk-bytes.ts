import type { ByteSource } from './byte-source.ts';
import { freeBytes } from './free-bytes.ts';
import { invalid } from './problems.ts';

/** Bytes of the file, addressed by their offset in it. */
export interface ChunkBytes {
  /** The `length` bytes from `start`. */
  take(start: number, length: number): Uint8Array | Promise<Uint8Array>;

  /** Frees the bytes; what was taken is unusable afterwards. Harmless when called twice. */
  close(): void;
}

/** A range that was read whole. */
export class RangeBytes implements ChunkBytes {
  readonly #bytes: Uint8Array;
  readonly #start: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  take(start: number, length: number): Uint8Array {
    const from = start - this.#start;
    if (from < 0 || length < 0 || from + length > this.#bytes.length)
      throw invalid(`no bytes ${start} to ${start + length}`);
    return this.#bytes.subarray(from, from + length);
  }

  close(): void {
    freeBytes(this.#bytes);
  }
}

/** A column chunk read window by window, for row groups that are too big to be held. */
export class WindowBytes implements ChunkBytes {
  readonly #source: ByteSource;
  readonly #end: number;
  readonly #windowBytes: number;
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(source: ByteSource, options: { readonly end: number; readonly windowBytes: number }) {
    this.#source = source;
    this.#end = options.end;
    this.#windowBytes = options.windowBytes;
  }

  async take(start: number, length: number): Promise<Uint8Array> {
    if (start < this.#start || start + length > this.#start + this.#window.length) await this.#slide(start, length);
    const from = start - this.#start;
    return this.#window.subarray(from, from + length);
  }

  close(): void {
    freeBytes(this.#window);
  }

  async #slide(start: number, length: number): Promise<void> {
    const end = Math.min(this.#end, start + Math.max(length, this.#windowBytes));
    if (start + length > end) throw invalid(`no bytes ${start} to ${start + length}`);
    this.#window = new Uint8Array(0);
    this.#window = await this.#source.read(start, end);
    this.#start = start;
  }
}
