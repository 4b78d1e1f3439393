import type { ParquetLimits } from './limits.ts';
import { expandsTooMuch, invalid } from './problems.ts';

/** Encodings.md, "Delta Encoding", "Delta-length byte array", "Delta Strings": each turned into PLAIN bytes. */

interface Packed {
  /** PLAIN: little endian, 4 or 8 bytes a value. */
  readonly values: DataView;
  readonly count: number;
  /** First byte behind the encoded values. */
  readonly end: number;
}

export function undeltaIntegers(bytes: Uint8Array, start: number, width: number, limits: ParquetLimits): Uint8Array {
  const { values } = unpack(bytes, start, width, limits);
  return new Uint8Array(values.buffer);
}

/** Lengths first, then all the bytes. */
export function undeltaLengths(bytes: Uint8Array, start: number, limits: ParquetLimits): Uint8Array {
  const lengths = unpack(bytes, start, 4, limits);
  const output = new PlainStrings(lengths.count * 4 + bytes.length - lengths.end);
  let position = lengths.end;
  for (let i = 0; i < lengths.count; i++) {
    const length = lengthAt(lengths, i);
    if (position + length > bytes.length) throw invalid('delta-encoded strings are longer than their page');
    output.begin(length);
    output.append(bytes, position, length);
    position += length;
  }
  return output.bytes;
}

/**
 * Each string is a prefix of the one before and a suffix of its own. A few bytes can claim long prefixes over and over, so
 * the sum is checked before anything is made. `width` for values of a fixed length, which carry no length of their own.
 */
export function undeltaStrings(
  bytes: Uint8Array,
  start: number,
  width: number | undefined,
  limits: ParquetLimits,
): Uint8Array {
  const prefixes = unpack(bytes, start, 4, limits);
  const suffixes = unpack(bytes, prefixes.end, 4, limits);
  if (prefixes.count !== suffixes.count) throw invalid('delta-encoded strings have more prefixes than suffixes');
  const output = new PlainStrings(plainBytes(prefixes, suffixes, width, limits), width === undefined);
  let position = suffixes.end;
  let before = 0;
  for (let i = 0; i < prefixes.count; i++) {
    const prefix = lengthAt(prefixes, i);
    const suffix = lengthAt(suffixes, i);
    if (position + suffix > bytes.length) throw invalid('delta-encoded strings are longer than their page');
    output.begin(prefix + suffix);
    const at = output.length;
    output.append(output.bytes, before, prefix);
    output.append(bytes, position, suffix);
    before = at;
    position += suffix;
  }
  return output.bytes;
}

function plainBytes(prefixes: Packed, suffixes: Packed, width: number | undefined, limits: ParquetLimits): number {
  let total = 0;
  let before = 0;
  for (let i = 0; i < prefixes.count; i++) {
    const prefix = lengthAt(prefixes, i);
    if (prefix > before) throw invalid('a delta-encoded string has a longer prefix than the string before it');
    before = prefix + lengthAt(suffixes, i);
    if (width !== undefined && before !== width) throw invalid(`a fixed value of ${width} bytes has ${before}`);
    total += before + (width === undefined ? 4 : 0);
    if (total > limits.maxPageBytes)
      throw expandsTooMuch(`delta-encoded strings of more than ${limits.maxPageBytes} bytes`);
  }
  return total;
}

class PlainStrings {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #hasLengths: boolean;
  length = 0;

  constructor(size: number, hasLengths = true) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
    this.#hasLengths = hasLengths;
  }

  begin(length: number): void {
    if (!this.#hasLengths) return;
    this.#view.setUint32(this.length, length, true);
    this.length += 4;
  }

  append(from: Uint8Array, start: number, length: number): void {
    this.bytes.set(from.subarray(start, start + length), this.length);
    this.length += length;
  }
}

function lengthAt({ values }: Packed, index: number): number {
  const length = values.getInt32(index * 4, true);
  if (length < 0) throw invalid('a delta-encoded string has a negative length');
  return length;
}

const maxMiniblockValues = 2 ** 16;
const maxMiniblocks = 2 ** 10;

/** DELTA_BINARY_PACKED. Sums wrap at the type's width, as writers rely on. */
function unpack(bytes: Uint8Array, start: number, width: number, limits: ParquetLimits): Packed {
  const reader = new BitReader(bytes, start);
  const blockValues = Number(reader.varint());
  const miniblocks = Number(reader.varint());
  const count = Number(reader.varint());
  const perMiniblock = blockValues / miniblocks;
  if (count > limits.maxPageValues) throw expandsTooMuch(`${count} delta-encoded values`);
  if (miniblocks > maxMiniblocks || perMiniblock > maxMiniblockValues || perMiniblock % 8 !== 0 || perMiniblock === 0) {
    throw invalid(`delta blocks of ${blockValues} values in ${miniblocks} parts`);
  }
  const values = new DataView(new ArrayBuffer(count * width));
  const small: SmallSums = { values, width };
  const store = (index: number, value: bigint): void => {
    if (width === 4) values.setInt32(index * 4, Number(BigInt.asIntN(32, value)), true);
    else values.setBigInt64(index * 8, value, true);
  };
  let value = reader.zigzag();
  if (count > 0) store(0, value);
  for (let index = 1; index < count; ) {
    const minDelta = reader.zigzag();
    const widths = reader.take(miniblocks);
    for (let block = 0; block < miniblocks && index < count; block++) {
      const bits = widths[block] as number;
      if (bits > 64) throw invalid(`deltas of ${bits} bits`);
      const residuals = new BitReader(reader.take((perMiniblock * bits) / 8), 0);
      const end = Math.min(count, index + perMiniblock);
      if (staysSmall(value, minDelta, bits, perMiniblock)) {
        value = BigInt(
          addSmall(small, { index, end, value: Number(value), minDelta: Number(minDelta), bits, residuals }),
        );
        index = end;
        continue;
      }
      while (index < end) {
        value = BigInt.asIntN(64, value + minDelta + (bits === 0 ? 0n : residuals.bits(bits)));
        store(index++, value);
      }
    }
  }
  return { values, count, end: reader.position };
}

interface SmallSums {
  readonly values: DataView;
  readonly width: number;
}

interface Miniblock {
  /** Of the first and behind the last value. */
  readonly index: number;
  readonly end: number;
  /** The value before it. */
  readonly value: number;
  readonly minDelta: number;
  readonly bits: number;
  readonly residuals: BitReader;
}

/** Whether no sum within a miniblock can leave what a double holds exactly: nearly always so, and then much faster. */
function staysSmall(value: bigint, minDelta: bigint, bits: number, count: number): boolean {
  if (bits > 48) return false;
  const reach = Math.abs(Number(value)) + count * (Math.abs(Number(minDelta)) + 2 ** bits);
  return reach < Number.MAX_SAFE_INTEGER;
}

/** Answers the last value. */
function addSmall({ values, width }: SmallSums, block: Miniblock): number {
  const { minDelta, bits, residuals } = block;
  let { value } = block;
  for (let index = block.index; index < block.end; index++) {
    value += minDelta + residuals.number(bits);
    // both take a number modulo 2^32
    values.setInt32(index * width, value, true);
    if (width === 8) values.setInt32(index * 8 + 4, Math.floor(value / 2 ** 32), true);
  }
  return value;
}

class BitReader {
  readonly #bytes: Uint8Array;
  position: number;
  #accumulator = 0;
  #held = 0;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  take(count: number): Uint8Array {
    if (this.position + count > this.#bytes.length) throw invalid('delta-encoded values end too early');
    this.position += count;
    return this.#bytes.subarray(this.position - count, this.position);
  }

  varint(): bigint {
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return value;
    }
    throw invalid('a delta header has a number of more than ten bytes');
  }

  zigzag(): bigint {
    const raw = this.varint();
    return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n));
  }

  /** The next `width` bits, 0 to 53, least significant first. */
  number(width: number): number {
    if (width <= 32) return this.#bits(width);
    const low = this.#bits(32);
    return this.#bits(width - 32) * 2 ** 32 + low;
  }

  /** The next `width` bits, 1 to 64, least significant first. */
  bits(width: number): bigint {
    if (width <= 32) return BigInt(this.#bits(width));
    const low = this.#bits(32);
    return (BigInt(this.#bits(width - 32)) << 32n) | BigInt(low);
  }

  /** Up to 32 bits beside up to 7 held: beyond 32-bit integers, exact in a double. */
  #bits(width: number): number {
    while (this.#held < width) {
      this.#accumulator += this.#byte() * 2 ** this.#held;
      this.#held += 8;
    }
    const modulus = 2 ** width;
    const value = this.#accumulator % modulus;
    this.#accumulator = Math.floor(this.#accumulator / modulus);
    this.#held -= width;
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.position++];
    if (byte === undefined) throw invalid('delta-encoded values end too early');
    return byte;
  }
}
