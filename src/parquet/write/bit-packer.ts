import type { ByteSink } from './byte-sink.ts';

/** Bits that fit a 32-bit accumulator beside up to seven that wait. */
const maxBitsAtOnce = 24;

/**
 * Appends numbers of a few bits each, lowest bits first, as all of parquet's packed encodings have them. The caller ensures
 * the sink's room.
 */
export class BitPacker {
  readonly #sink: ByteSink;
  #waiting = 0;
  #waitingBits = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** A whole number below 2^width; width up to 53. */
  put(value: number, width: number): void {
    let rest = value;
    let bits = width;
    while (bits > maxBitsAtOnce) {
      const high = Math.floor(rest / 2 ** maxBitsAtOnce);
      this.#put(rest - high * 2 ** maxBitsAtOnce, maxBitsAtOnce);
      rest = high;
      bits -= maxBitsAtOnce;
    }
    this.#put(rest, bits);
  }

  /** Fills the last byte with zeros. */
  end(): void {
    if (this.#waitingBits > 0) this.#sink.bytes[this.#sink.length++] = this.#waiting;
    this.#waiting = 0;
    this.#waitingBits = 0;
  }

  #put(value: number, width: number): void {
    let waiting = this.#waiting | (value << this.#waitingBits);
    let bits = this.#waitingBits + width;
    const { bytes } = this.#sink;
    while (bits >= 8) {
      bytes[this.#sink.length++] = waiting;
      waiting >>>= 8;
      bits -= 8;
    }
    this.#waiting = waiting;
    this.#waitingBits = bits;
  }
}
