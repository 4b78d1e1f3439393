import type { ParquetLimits } from './limits.ts';
import { expandsTooMuch, invalid } from './problems.ts';
import { ThriftReader } from './thrift.ts';

/** Numbers of parquet.thrift's enum Encoding. */
export const encodings = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  bitPacked: 4,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;

/** Numbers of parquet.thrift's enum PageType. */
export const pageTypes = { data: 0, index: 1, dictionary: 2, dataV2: 3 } as const;

interface PageSizes {
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly crc: number | undefined;
}

export type PageHeader = PageSizes &
  (
    | { readonly kind: 'index' }
    | { readonly kind: 'dictionary'; readonly valueCount: number; readonly encoding: number }
    | { readonly kind: 'data'; readonly valueCount: number; readonly encoding: number; readonly levelEncoding: number }
    | {
        readonly kind: 'data-v2';
        readonly valueCount: number;
        readonly rowCount: number;
        readonly encoding: number;
        readonly definitionBytes: number;
        readonly repetitionBytes: number;
        readonly isCompressed: boolean;
      }
  );

export interface ReadPageHeader {
  readonly header: PageHeader;
  readonly headerBytes: number;
}

/**
 * The page header at the start of `bytes` (parquet.thrift, struct PageHeader), its claims checked against the limits.
 * @throws ThriftTruncated when `bytes` ends within it; AppError PARQUET_INVALID, EXPANDS_TOO_MUCH
 */
export function readPageHeader(bytes: Uint8Array, limits: ParquetLimits): ReadPageHeader {
  const reader = new ThriftReader(bytes);
  const page: Record<number, number> = {};
  const inner: Record<number, number> = {};
  let isCompressed = true;
  reader.struct((id) => {
    if (id >= 1 && id <= 4) {
      page[id] = reader.int();
      return true;
    }
    if (id !== 5 && id !== 7 && id !== 8) return false;
    reader.struct((innerId, type) => {
      if (id === 8 && innerId === 7) {
        isCompressed = ThriftReader.isTrue(type);
        return true;
      }
      if (innerId > (id === 8 ? 6 : id === 7 ? 2 : 4)) return false;
      inner[innerId] = reader.int();
      return true;
    }, 1);
    return true;
  });
  const header = toHeader(page, inner, isCompressed);
  checkClaims(header, limits);
  return { header, headerBytes: reader.position };
}

function toHeader(page: Record<number, number>, inner: Record<number, number>, isCompressed: boolean): PageHeader {
  const sizes: PageSizes = {
    uncompressedBytes: required(page[2], 'its uncompressed size'),
    compressedBytes: required(page[3], 'its compressed size'),
    crc: page[4] === undefined ? undefined : page[4] >>> 0,
  };
  const type = required(page[1], 'its type');
  if (type === pageTypes.index) return { ...sizes, kind: 'index' };
  const valueCount = required(inner[1], 'its number of values');
  if (type === pageTypes.dictionary) {
    return { ...sizes, kind: 'dictionary', valueCount, encoding: required(inner[2], 'its encoding') };
  }
  if (type === pageTypes.data) {
    const encoding = required(inner[2], 'its encoding');
    return { ...sizes, kind: 'data', valueCount, encoding, levelEncoding: inner[3] ?? encodings.rle };
  }
  if (type !== pageTypes.dataV2) throw invalid(`unknown page type ${type}`);
  return {
    ...sizes,
    kind: 'data-v2',
    valueCount,
    rowCount: required(inner[3], 'its number of rows'),
    encoding: required(inner[4], 'its encoding'),
    definitionBytes: required(inner[5], 'the length of its definition levels'),
    repetitionBytes: required(inner[6], 'the length of its repetition levels'),
    isCompressed,
  };
}

function required(value: number | undefined, what: string): number {
  if (value === undefined) throw invalid(`a page header lacks ${what}`);
  return value;
}

function checkClaims(header: PageHeader, limits: ParquetLimits): void {
  if (header.compressedBytes < 0 || header.uncompressedBytes < 0) throw invalid('a page has a negative size');
  if (header.uncompressedBytes > limits.maxPageBytes) {
    throw expandsTooMuch(`a page of ${header.uncompressedBytes} bytes, more than ${limits.maxPageBytes}`);
  }
  if (header.kind === 'index') return;
  if (header.valueCount < 0) throw invalid('a page has a negative number of values');
  const maxValues = header.kind === 'dictionary' ? limits.maxDictionaryEntries : limits.maxPageValues;
  if (header.valueCount > maxValues) {
    throw expandsTooMuch(`a ${header.kind} page of ${header.valueCount} values, more than ${maxValues}`);
  }
  if (header.kind !== 'data-v2') return;
  const levelBytes = header.definitionBytes + header.repetitionBytes;
  if (header.definitionBytes < 0 || header.repetitionBytes < 0 || levelBytes > header.compressedBytes) {
    throw invalid('the levels of a page are longer than the page');
  }
  if (levelBytes > header.uncompressedBytes) throw invalid('the levels of a page are longer than the page');
}
