import { invalid } from './problems.ts';

/**
 * Parquet's RLE / bit-packed hybrid (Encodings.md, "RLE"), decoded as it is asked for: a page of a whole row group is never
 * unpacked at once. Used for levels, dictionary indexes and booleans.
 */
export class RleDecoder {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #width: number;
  #position: number;
  /** Values left in the run at hand; of which kind says `#isPacked`. */
  #left = 0;
  #isPacked = false;
  #accumulator = 0;
  #accumulatorBits = 0;
  /** The value of the run that `takeRun` answered for. */
  runValue = 0;

  constructor(bytes: Uint8Array, start: number, end: number, width: number) {
    if (end > bytes.length || start > end) throw invalid('a run of levels or indexes is longer than its page');
    if (width > 32) throw invalid(`indexes of ${width} bits`);
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
    this.#width = width;
    if (width === 0) this.#left = Number.MAX_SAFE_INTEGER;
  }

  /** Values that are packed without any run header: booleans in PLAIN. */
  static packed(bytes: Uint8Array, start: number, width: number): RleDecoder {
    const decoder = new RleDecoder(bytes, start, bytes.length, width);
    decoder.#isPacked = true;
    decoder.#left = Number.MAX_SAFE_INTEGER;
    return decoder;
  }

  /** Takes up to `max` values when they are all `runValue`; 0 when the values at hand are packed one by one. */
  takeRun(max: number): number {
    if (this.#left === 0) this.#nextRun();
    if (this.#isPacked) return 0;
    const count = Math.min(this.#left, max);
    this.#left -= count;
    return count;
  }

  /** The next `count` values into `out` from `at`. */
  read(out: Int32Array | Uint8Array, at: number, count: number): void {
    const end = at + count;
    let position = at;
    while (position < end) {
      if (this.#left === 0) this.#nextRun();
      const take = Math.min(this.#left, end - position);
      if (this.#isPacked) this.#unpack(out, position, take);
      else out.fill(this.runValue, position, position + take);
      this.#left -= take;
      position += take;
    }
  }

  #nextRun(): void {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.#position >= this.#end || shift > 28) throw invalid('levels or indexes end too early');
      const byte = this.#bytes[this.#position++] ?? 0;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    this.#isPacked = (header & 1) === 1;
    const count = header >>> 1;
    if (this.#isPacked) {
      this.#left = count * 8;
      this.#accumulator = 0;
      this.#accumulatorBits = 0;
      return;
    }
    this.#left = count;
    const valueBytes = (this.#width + 7) >> 3;
    if (this.#position + valueBytes > this.#end) throw invalid('levels or indexes end too early');
    let value = 0;
    for (let i = 0; i < valueBytes; i++) value |= (this.#bytes[this.#position++] ?? 0) << (8 * i);
    this.runValue = value;
  }

  #unpack(out: Int32Array | Uint8Array, at: number, count: number): void {
    const width = this.#width;
    if (width > 24) {
      this.#unpackWide(out, at, count);
      return;
    }
    const bytes = this.#bytes;
    const mask = 2 ** width - 1;
    let position = this.#position;
    let accumulator = this.#accumulator;
    let bits = this.#accumulatorBits;
    const bytesNeeded = Math.ceil((count * width - bits) / 8);
    if (position + bytesNeeded > this.#end) throw invalid('levels or indexes end too early');
    for (let i = at, end = at + count; i < end; i++) {
      while (bits < width) {
        accumulator |= (bytes[position++] as number) << bits;
        bits += 8;
      }
      out[i] = accumulator & mask;
      accumulator >>>= width;
      bits -= width;
    }
    this.#position = position;
    this.#accumulator = accumulator;
    this.#accumulatorBits = bits;
  }

  /** More than 24 bits and the seven left over do not fit a 32-bit accumulator: plain arithmetic, for a rare case. */
  #unpackWide(out: Int32Array | Uint8Array, at: number, count: number): void {
    const modulus = 2 ** this.#width;
    for (let i = at; i < at + count; i++) {
      while (this.#accumulatorBits < this.#width) {
        if (this.#position >= this.#end) throw invalid('levels or indexes end too early');
        this.#accumulator += (this.#bytes[this.#position++] ?? 0) * 2 ** this.#accumulatorBits;
        this.#accumulatorBits += 8;
      }
      out[i] = this.#accumulator % modulus;
      this.#accumulator = Math.floor(this.#accumulator / modulus);
      this.#accumulatorBits -= this.#width;
    }
  }
}
