import { AppError } from '../errors.ts';

/** Large enough that the work per chunk does not count, small enough that a dozen of them under way do not either. */
const chunkBytes = 256 * 1024;

/**
 * A line is in memory as a whole, up to twice over while its chunk grows. PostgreSQL itself ends at 1 GiB; a field of
 * 100 MiB in bytea is a line of 200 MiB.
 */
export const maxLineBytes = 256 * 1024 * 1024;

const newline = 10;

/** Gathers a stream of COPY text into chunks that end at line ends. (In COPY's text format a newline is never part of a value.) */
export class LineChunks {
  /** What the lines are of, for the message when one is too long. */
  readonly #subject: string;
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  #used = 0;
  /** End of the last whole line. */
  #whole = 0;

  constructor(subject: string) {
    this.#subject = subject;
  }

  /**
   * @returns a chunk of whole lines, once there is one; it fills a memory of its own, which may be given to another thread
   * @throws AppError ROW_TOO_LONG
   */
  add(bytes: Buffer): Buffer | undefined {
    const full = this.#used + bytes.length > this.#chunk.length ? this.#makeRoom(bytes.length) : undefined;
    this.#chunk.set(bytes, this.#used);
    const lastNewline = bytes.lastIndexOf(newline);
    if (lastNewline >= 0) this.#whole = this.#used + lastNewline + 1;
    this.#used += bytes.length;
    return full;
  }

  /** What is left at the end of the stream. */
  end(): Buffer | undefined {
    return this.#used === 0 ? undefined : this.#chunk.subarray(0, this.#used);
  }

  #makeRoom(bytes: number): Buffer | undefined {
    const rest = this.#chunk.subarray(this.#whole, this.#used);
    if (rest.length + bytes > maxLineBytes) {
      throw new AppError('ROW_TOO_LONG', `a row of ${this.#subject} is longer than ${maxLineBytes} bytes as text`);
    }
    const grownBytes = this.#whole === 0 ? this.#chunk.length * 2 : 0;
    const chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, grownBytes, rest.length + bytes));
    chunk.set(rest);
    this.#used = rest.length;
    // empties what is a view of the old chunk, such as the rest
    const full = this.#whole === 0 ? undefined : Buffer.from(this.#chunk.buffer.transfer(this.#whole));
    this.#chunk = chunk;
    this.#whole = 0;
    return full;
  }
}
