import { ByteSink } from './byte-sink.ts';
import { type Distinct, dictionaryEncoding, distinctIndexes } from './dictionary.ts';
import { maxDictionaryBytes, maxPageBytes } from './limits.ts';
import type { Bounds, ColumnValues, ValueEncoding, ValuePage } from './value-encoding.ts';

const firstValues = 256;

/** Appends a field's bytes to the sink; false, or NotCanonical, where they would not come back as they are spelled. */
export type WriteField = (bytes: Uint8Array, start: number, end: number, sink: ByteSink) => boolean;

export interface ByteValuesOptions {
  readonly write: WriteField;
  /** Whether readers may compare the values byte by byte. */
  readonly hasBounds: boolean;
}

/** Values of any length, as parquet's PLAIN has them: each behind its length in four bytes. */
export class ByteValues implements ColumnValues {
  readonly #write: WriteField;
  readonly #hasBounds: boolean;
  readonly #plain = new ByteSink();
  /** Where each value's length is. */
  #places = new Int32Array(firstValues);
  count = 0;

  constructor({ write, hasBounds }: ByteValuesOptions) {
    this.#write = write;
    this.#hasBounds = hasBounds;
  }

  take(bytes: Uint8Array, start: number, end: number): boolean {
    const sink = this.#plain;
    const place = sink.length;
    sink.uint32(0);
    if (!this.#write(bytes, start, end, sink)) {
      sink.length = place;
      return false;
    }
    setUint32(sink.bytes, place, sink.length - place - 4);
    if (this.count === this.#places.length) this.#grow();
    this.#places[this.count++] = place;
    return true;
  }

  encodings(): readonly ValueEncoding[] {
    const dictionary = this.#dictionary();
    const plain: ValueEncoding = { encoding: 'PLAIN', pages: this.#pages() };
    return dictionary === undefined ? [plain] : [dictionary, plain];
  }

  bounds(): Bounds | undefined {
    if (!this.#hasBounds || this.count === 0) return undefined;
    let least = 0;
    let greatest = 0;
    for (let i = 1; i < this.count; i++) {
      if (this.#compare(i, least) < 0) least = i;
      else if (this.#compare(i, greatest) > 0) greatest = i;
    }
    return { least: this.#valueAt(least), greatest: this.#valueAt(greatest) };
  }

  reset(): void {
    this.count = 0;
    this.#plain.reset();
  }

  #grow(): void {
    const grown = new Int32Array(this.#places.length * 2);
    grown.set(this.#places);
    this.#places = grown;
  }

  #pages(): readonly ValuePage[] {
    const pages: ValuePage[] = [];
    const bytes = this.#plain.view();
    for (let from = 0; from < this.count; ) {
      const start = this.#places[from] as number;
      let to = from + 1;
      while (to < this.count && this.#endOf(to) - start <= maxPageBytes) to++;
      pages.push({ valueCount: to - from, bytes: bytes.subarray(start, this.#endOf(to - 1)) });
      from = to;
    }
    return pages;
  }

  #endOf(value: number): number {
    return value + 1 < this.count ? (this.#places[value + 1] as number) : this.#plain.length;
  }

  #dictionary(): ValueEncoding | undefined {
    if (this.count < 2) return undefined;
    const distinct = new DistinctBytes(this.#plain.view(), this.#places, this.count);
    const indexes = new Int32Array(this.count);
    const entries = distinctIndexes(distinct, indexes);
    if (entries === undefined) return undefined;
    return dictionaryEncoding(indexes, this.count, { valueCount: entries, bytes: distinct.plain.view() });
  }

  #compare(a: number, b: number): number {
    const bytes = this.#plain.bytes;
    const startOfA = (this.#places[a] as number) + 4;
    const startOfB = (this.#places[b] as number) + 4;
    const lengthOfA = this.#endOf(a) - startOfA;
    const lengthOfB = this.#endOf(b) - startOfB;
    const length = Math.min(lengthOfA, lengthOfB);
    for (let i = 0; i < length; i++) {
      const difference = (bytes[startOfA + i] as number) - (bytes[startOfB + i] as number);
      if (difference !== 0) return difference;
    }
    return lengthOfA - lengthOfB;
  }

  #valueAt(value: number): Uint8Array {
    return this.#plain.bytes.slice((this.#places[value] as number) + 4, this.#endOf(value));
  }
}

class DistinctBytes implements Distinct {
  readonly count: number;
  readonly plain = new ByteSink();
  readonly #bytes: Uint8Array;
  readonly #places: Int32Array;
  #entries = new Int32Array(firstValues);
  #size = 0;

  constructor(bytes: Uint8Array, places: Int32Array, count: number) {
    this.#bytes = bytes;
    this.#places = places;
    this.count = count;
  }

  /** FNV-1a over length and bytes. */
  hash(value: number): number {
    const start = this.#places[value] as number;
    const end = this.#endOf(value);
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (this.#bytes[i] as number), 0x01000193);
    return hash ^ (hash >>> 15);
  }

  equals(value: number, entry: number): boolean {
    const bytes = this.#bytes;
    const start = this.#places[value] as number;
    const end = this.#endOf(value);
    const entries = this.plain.bytes;
    let at = this.#entries[entry] as number;
    // the lengths come first, so no entry is read beyond its end
    for (let i = start; i < end; i++) if (bytes[i] !== entries[at++]) return false;
    return true;
  }

  add(value: number): boolean {
    const start = this.#places[value] as number;
    const end = this.#endOf(value);
    if (this.plain.length + end - start > maxDictionaryBytes) return false;
    if (this.#size === this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    this.#entries[this.#size++] = this.plain.length;
    this.plain.append(this.#bytes.subarray(start, end));
    return true;
  }

  #endOf(value: number): number {
    return value + 1 < this.count ? (this.#places[value + 1] as number) : this.#bytes.length;
  }
}

function setUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
