import { RandomAccessReader } from 'yauzl';
import type { ByteSource } from './byte-source.ts';

/** What one miss fetches: the directory of a thousand entries, most often. */
const windowBytes = 256 * 1024;

/** Serves yauzl's many small reads of headers from one window over the source, so that each is no request. */
export class DirectoryReader extends RandomAccessReader {
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#bytes(position, position + length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(null);
      },
      (error) => callback(error),
    );
  }

  override close(callback: (error: Error | null) => void): void {
    this.#window = new Uint8Array(0);
    callback(null);
  }

  async #bytes(start: number, end: number): Promise<Uint8Array> {
    if (end > this.#source.sizeBytes) throw new Error(`a header at byte ${start} would lie beyond the end`);
    const inWindow = start >= this.#windowStart && end <= this.#windowStart + this.#window.length;
    if (!inWindow) {
      this.#window = await this.#source.read(
        start,
        Math.min(Math.max(end, start + windowBytes), this.#source.sizeBytes),
      );
      this.#windowStart = start;
    }
    return this.#window.subarray(start - this.#windowStart, end - this.#windowStart);
  }
}
