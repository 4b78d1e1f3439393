import { ByteSink } from './byte-sink.ts';
import { writeDeltas } from './delta-binary.ts';
import { type Distinct, dictionaryEncoding, distinctIndexes } from './dictionary.ts';
import type { ParseField } from './fields/parse-field.ts';
import { maxPageBytes } from './limits.ts';
import type { Bounds, ColumnValues, ValueEncoding, ValuePage } from './value-encoding.ts';

const firstValues = 256;

/** How far a column's numbers may reach, and lie apart, for their differences to be exact (see writeDeltas). */
const deltaReach = { 1: { size: 2 ** 31, range: 2 ** 30 }, 2: { size: 2 ** 52, range: 2 ** 51 } } as const;

export interface WordValuesOptions {
  readonly parse: ParseField;
  /** 32-bit words of a value. */
  readonly words: 1 | 2 | 4;
  /** Whether the words are a whole number, which has bounds and differences. */
  readonly isInteger: boolean;
}

/** Values of a fixed width, as the little-endian words that parquet's PLAIN has too. */
export class WordValues implements ColumnValues {
  readonly #parse: ParseField;
  readonly #width: 1 | 2 | 4;
  readonly #isInteger: boolean;
  #words: Int32Array<ArrayBuffer>;
  #numbers: { readonly values: Float64Array; readonly least: number; readonly greatest: number } | undefined;
  count = 0;

  constructor({ parse, words, isInteger }: WordValuesOptions) {
    this.#parse = parse;
    this.#width = words;
    this.#isInteger = isInteger;
    this.#words = new Int32Array(firstValues * words);
  }

  take(bytes: Uint8Array, start: number, end: number): boolean {
    const at = this.count * this.#width;
    if (at + this.#width > this.#words.length) this.#grow();
    if (!this.#parse(bytes, start, end, this.#words, at)) return false;
    this.count++;
    return true;
  }

  encodings(): readonly ValueEncoding[] {
    const encodings = [this.#dictionary(), this.#deltas(), this.#plain()];
    return encodings.filter((encoding) => encoding !== undefined);
  }

  bounds(): Bounds | undefined {
    if (!this.#isInteger || this.count === 0) return undefined;
    if (this.#width === 1) {
      const { least, greatest } = this.#asNumbers();
      return { least, greatest };
    }
    const exact = new BigInt64Array(this.#words.buffer, 0, this.count);
    const { least, greatest } = this.#asNumbers();
    if (Number.isSafeInteger(least) && Number.isSafeInteger(greatest)) {
      return { least: BigInt(least), greatest: BigInt(greatest) };
    }
    return {
      least: exact.reduce((a, b) => (b < a ? b : a)),
      greatest: exact.reduce((a, b) => (b > a ? b : a)),
    };
  }

  reset(): void {
    this.count = 0;
    this.#numbers = undefined;
  }

  #grow(): void {
    const grown = new Int32Array(this.#words.length * 2);
    grown.set(this.#words);
    this.#words = grown;
  }

  #plain(): ValueEncoding {
    const width = this.#width * 4;
    const bytes = new Uint8Array(this.#words.buffer, 0, this.count * width);
    const perPage = maxPageBytes / width;
    const pages: ValuePage[] = [];
    for (let from = 0; from < this.count; from += perPage) {
      const to = Math.min(this.count, from + perPage);
      pages.push({ valueCount: to - from, bytes: bytes.subarray(from * width, to * width) });
    }
    return { encoding: 'PLAIN', pages };
  }

  #deltas(): ValueEncoding | undefined {
    if (!this.#isInteger || this.#width === 4 || this.count < 2) return undefined;
    const { values, least, greatest } = this.#asNumbers();
    const { size, range } = deltaReach[this.#width];
    if (Math.max(-least, greatest) > size || greatest - least >= range) return undefined;
    const sink = new ByteSink();
    writeDeltas(values, this.count, sink);
    return { encoding: 'DELTA_BINARY_PACKED', pages: [{ valueCount: this.count, bytes: sink.view() }] };
  }

  #dictionary(): ValueEncoding | undefined {
    if (this.count < 2) return undefined;
    const distinct = new DistinctWords(this.#words, this.count, this.#width);
    const indexes = new Int32Array(this.count);
    const entries = distinctIndexes(distinct, indexes);
    if (entries === undefined) return undefined;
    return dictionaryEncoding(indexes, this.count, { valueCount: entries, bytes: distinct.plain() });
  }

  /** The words as doubles, exact up to 2^53. */
  #asNumbers(): { readonly values: Float64Array; readonly least: number; readonly greatest: number } {
    if (this.#numbers !== undefined) return this.#numbers;
    const words = this.#words;
    const values = new Float64Array(this.count);
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < values.length; i++) {
      const value =
        this.#width === 1
          ? (words[i] as number)
          : (words[i * 2 + 1] as number) * 2 ** 32 + ((words[i * 2] as number) >>> 0);
      values[i] = value;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    this.#numbers = { values, least, greatest };
    return this.#numbers;
  }
}

class DistinctWords implements Distinct {
  readonly count: number;
  readonly #words: Int32Array;
  readonly #width: number;
  #entries: Int32Array<ArrayBuffer>;
  #size = 0;

  constructor(words: Int32Array, count: number, width: number) {
    this.#words = words;
    this.count = count;
    this.#width = width;
    this.#entries = new Int32Array(firstValues * width);
  }

  hash(value: number): number {
    let hash = 0;
    const from = value * this.#width;
    for (let i = from; i < from + this.#width; i++) hash = Math.imul(hash ^ (this.#words[i] as number), 0x9e3779b1);
    return hash ^ (hash >>> 15);
  }

  equals(value: number, entry: number): boolean {
    const width = this.#width;
    for (let i = 0; i < width; i++) {
      if (this.#words[value * width + i] !== this.#entries[entry * width + i]) return false;
    }
    return true;
  }

  add(value: number): boolean {
    const width = this.#width;
    if ((this.#size + 1) * width > this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    for (let i = 0; i < width; i++) this.#entries[this.#size * width + i] = this.#words[value * width + i] as number;
    this.#size++;
    return true;
  }

  plain(): Uint8Array {
    return new Uint8Array(this.#entries.buffer, 0, this.#size * this.#width * 4);
  }
}
