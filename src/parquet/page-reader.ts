import { crc32 } from 'node:zlib';
import type { ChunkBytes } from './chunk-bytes.ts';
import { decompress } from './decompress.ts';
import type { Expansion } from './expansion.ts';
import type { ChunkLocation } from './footer.ts';
import { freeBytes } from './free-bytes.ts';
import type { ValueBytes } from './leaf-text.ts';
import { widthOf } from './leaf-text.ts';
import type { ParquetLimits } from './limits.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { encodings, type PageHeader, type ReadPageHeader, readPageHeader } from './page-header.ts';
import { lengthPrefixed, openValues, type PageValues, valueBytes } from './page-values.ts';
import { invalid, unsupported } from './problems.ts';
import { RleDecoder } from './rle.ts';
import type { Leaf } from './schema.ts';
import { ThriftTruncated } from './thrift.ts';

/** A data page, ready to be read from front to back. */
export interface DataPage {
  readonly kind: 'data';
  /** Values, nulls and empty lists counted. */
  readonly valueCount: number;
  /** Undefined where every level is 0. */
  readonly repetitions: RleDecoder | undefined;
  /** Undefined where every level is the highest. */
  readonly definitions: RleDecoder | undefined;
  readonly values: PageValues;
}

export interface DictionaryPage {
  readonly kind: 'dictionary';
  readonly valueCount: number;
  /** In PLAIN encoding. */
  readonly from: ValueBytes;
}

/** Usually holds a header whole; one with long statistics is read again with more. */
const firstHeaderBytes = 256;

export interface PageReaderOptions {
  readonly leaf: Leaf;
  readonly chunk: ChunkLocation;
  readonly bytes: ChunkBytes;
  readonly limits: ParquetLimits;
  readonly budget: MemoryBudget;
  readonly expansion: Expansion;
}

/**
 * The pages of one column chunk, one at a time: only the newest page is counted as held.
 * @throws AppError PARQUET_INVALID, PARQUET_UNSUPPORTED, EXPANDS_TOO_MUCH
 */
export class PageReader {
  readonly #options: PageReaderOptions;
  #position: number;
  #valuesLeft: number;
  #heldPageBytes = 0;
  #heldPage: Uint8Array | undefined;
  #heldDictionaryBytes = 0;
  #heldDictionary: Uint8Array | undefined;
  #hasDictionary = false;

  constructor(options: PageReaderOptions) {
    this.#options = options;
    this.#position = options.chunk.start;
    this.#valuesLeft = options.chunk.valueCount;
  }

  get isAtEnd(): boolean {
    return this.#valuesLeft === 0;
  }

  async next(): Promise<DataPage | DictionaryPage> {
    for (;;) {
      const { header, headerBytes } = await this.#readHeader();
      const start = this.#position + headerBytes;
      const end = start + header.compressedBytes;
      if (end > this.#options.chunk.end) throw this.#damaged('a page reaches beyond its column chunk');
      this.#position = end;
      if (header.kind === 'index') continue;
      const raw = await this.#options.bytes.take(start, header.compressedBytes);
      if (header.crc !== undefined && crc32(raw) !== header.crc)
        throw this.#damaged('a page does not match its CRC-32');
      return header.kind === 'dictionary' ? this.#dictionary(header, raw) : this.#data(header, raw);
    }
  }

  /** Gives the dictionary page back, once what it holds was made into something else. */
  dropDictionary(): void {
    if (this.#heldDictionary !== undefined) freeBytes(this.#heldDictionary);
    this.#heldDictionary = undefined;
    this.#options.budget.release(this.#heldDictionaryBytes);
    this.#heldDictionaryBytes = 0;
  }

  /** Gives back what is held. */
  close(): void {
    this.#dropPage();
    this.dropDictionary();
  }

  async #readHeader(): Promise<ReadPageHeader> {
    const { bytes, chunk, limits } = this.#options;
    const available = chunk.end - this.#position;
    for (let size = firstHeaderBytes; ; size *= 16) {
      const length = Math.min(size, available, limits.maxPageHeaderBytes);
      const head = await bytes.take(this.#position, length);
      try {
        return readPageHeader(head, limits);
      } catch (error) {
        if (!(error instanceof ThriftTruncated)) throw error;
        if (length < size) throw this.#damaged('the pages of a column chunk end too early');
      }
    }
  }

  #dictionary(header: PageHeader & { kind: 'dictionary' }, raw: Uint8Array): DictionaryPage {
    const { leaf, chunk, budget, expansion } = this.#options;
    if (this.#hasDictionary) throw this.#damaged('a column chunk has two dictionaries');
    this.#hasDictionary = true;
    if (header.encoding !== encodings.plain && header.encoding !== encodings.plainDictionary) {
      throw unsupported(`a dictionary in encoding ${header.encoding}`);
    }
    const width = widthOf(leaf) ?? 4;
    if (header.valueCount * width > header.uncompressedBytes)
      throw this.#damaged('a dictionary claims too many values');
    expansion.add(header.uncompressedBytes);
    budget.reserve(header.uncompressedBytes, 'a dictionary');
    this.#heldDictionaryBytes = header.uncompressedBytes;
    const page = decompress(chunk.codec, raw, header.uncompressedBytes);
    if (page.buffer !== raw.buffer) this.#heldDictionary = page;
    return { kind: 'dictionary', valueCount: header.valueCount, from: valueBytes(page) };
  }

  #data(header: PageHeader & { kind: 'data' | 'data-v2' }, raw: Uint8Array): DataPage {
    if (header.valueCount > this.#valuesLeft) throw this.#damaged('the pages hold more values than their column chunk');
    this.#valuesLeft -= header.valueCount;
    this.#dropPage();
    this.#options.expansion.add(header.uncompressedBytes);
    this.#options.budget.reserve(header.uncompressedBytes, 'a page');
    this.#heldPageBytes = header.uncompressedBytes;
    return header.kind === 'data' ? this.#dataV1(header, raw) : this.#dataV2(header, raw);
  }

  #dataV1(header: PageHeader & { kind: 'data' }, raw: Uint8Array): DataPage {
    const { leaf, chunk, limits } = this.#options;
    const bytes = this.#expand(chunk.codec, raw, header.uncompressedBytes);
    if (leaf.definition > 0 && header.levelEncoding === encodings.bitPacked) throw unsupported('bit-packed levels');
    let start = 0;
    const levels = (max: number): RleDecoder | undefined => {
      if (max === 0) return undefined;
      const { run, end } = lengthPrefixed(bytes, start);
      start = end;
      return new RleDecoder(bytes, run, end, levelWidth(max));
    };
    const repetitions = levels(leaf.depth);
    const definitions = levels(leaf.definition);
    const values = openValues({ leaf, encoding: header.encoding, bytes, start, limits });
    return { kind: 'data', valueCount: header.valueCount, repetitions, definitions, values };
  }

  /** Version 2 keeps the levels outside the compression, with their lengths in the header. */
  #dataV2(header: PageHeader & { kind: 'data-v2' }, raw: Uint8Array): DataPage {
    const { leaf, chunk, limits } = this.#options;
    const { definitionBytes, repetitionBytes } = header;
    const levelBytes = definitionBytes + repetitionBytes;
    const body = raw.subarray(levelBytes);
    const bodyBytes = header.uncompressedBytes - levelBytes;
    const bytes = this.#expand(header.isCompressed ? chunk.codec : 'UNCOMPRESSED', body, bodyBytes);
    const repetitions = leaf.depth === 0 ? undefined : new RleDecoder(raw, 0, repetitionBytes, levelWidth(leaf.depth));
    const definitions =
      leaf.definition === 0 ? undefined : new RleDecoder(raw, repetitionBytes, levelBytes, levelWidth(leaf.definition));
    const values = openValues({ leaf, encoding: header.encoding, bytes, start: 0, limits });
    return { kind: 'data', valueCount: header.valueCount, repetitions, definitions, values };
  }

  #expand(codec: string, input: Uint8Array, outputBytes: number): Uint8Array {
    const bytes = decompress(codec, input, outputBytes);
    // an uncompressed page is a view of the row group's own bytes
    if (bytes.buffer !== input.buffer) this.#heldPage = bytes;
    return bytes;
  }

  #dropPage(): void {
    if (this.#heldPage !== undefined) freeBytes(this.#heldPage);
    this.#heldPage = undefined;
    this.#options.budget.release(this.#heldPageBytes);
    this.#heldPageBytes = 0;
  }

  #damaged(what: string): Error {
    return invalid(`${what} (column ${this.#options.leaf.path}, near byte ${this.#position})`);
  }
}

function levelWidth(max: number): number {
  return 32 - Math.clz32(max);
}
