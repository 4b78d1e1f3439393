import { expandsTooMuch } from './problems.ts';

/** Counts the bytes that the decoder holds, and refuses before there are too many. */
export class MemoryBudget {
  readonly #limitBytes: number;
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** @throws AppError EXPANDS_TOO_MUCH when it would be above the limit; then nothing is reserved */
  reserve(bytes: number, what: string): void {
    if (this.#heldBytes + bytes > this.#limitBytes) {
      throw expandsTooMuch(
        `${what} needs ${bytes} bytes beside ${this.#heldBytes} held, more than ${this.#limitBytes} in all`,
      );
    }
    this.#heldBytes += bytes;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}
