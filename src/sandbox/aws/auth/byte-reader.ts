import { AwsError } from '../aws-error.ts';
import { maxChunkLineBytes } from '../limits.ts';

/** Reads lines and runs of bytes from a stream that is cut anywhere. Holds at most one piece of the stream. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #piece: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Up to CRLF, which is taken off. */
  async line(): Promise<string> {
    let gathered: Buffer = Buffer.alloc(0);
    for (;;) {
      const end = this.#piece.indexOf(0x0a);
      const taken = end === -1 ? this.#piece : this.#piece.subarray(0, end + 1);
      gathered = gathered.length === 0 ? taken : Buffer.concat([gathered, taken]);
      this.#piece = this.#piece.subarray(taken.length);
      if (gathered.length > maxChunkLineBytes) throw incomplete('a chunk header is too long');
      if (end !== -1) return gathered.toString('utf8').replace(/\r?\n$/, '');
      if (!(await this.#more())) throw incomplete('the body ended inside a chunk header');
    }
  }

  /** At least one and at most `maxBytes` bytes. */
  async take(maxBytes: number): Promise<Buffer> {
    if (this.#piece.length === 0 && !(await this.#more())) throw incomplete('the body ended inside a chunk');
    const taken = this.#piece.subarray(0, maxBytes);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  async atEnd(): Promise<boolean> {
    return this.#piece.length === 0 && !(await this.#more());
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      if (next.value.length === 0) continue;
      this.#piece = next.value;
      return true;
    }
  }
}

export function incomplete(why: string): AwsError {
  return new AwsError('IncompleteBody', `the body broke off: ${why}`);
}
