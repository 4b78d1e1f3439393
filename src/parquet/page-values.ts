import { undeltaIntegers, undeltaLengths, undeltaStrings } from './delta.ts';
import { type ValueBytes, widthOf } from './leaf-text.ts';
import type { ParquetLimits } from './limits.ts';
import { encodings } from './page-header.ts';
import { invalid, unsupported } from './problems.ts';
import { RleDecoder } from './rle.ts';
import type { Leaf } from './schema.ts';

/**
 * A page's values, read from front to back: as indexes into the chunk's dictionary, or as PLAIN bytes. Every other encoding
 * is rewritten as PLAIN first; they are rare in billing files and then need no reader of their own.
 */
export type PageValues =
  | { readonly kind: 'indexed'; readonly indexes: RleDecoder }
  | { readonly kind: 'plain'; readonly from: ValueBytes; readonly start: number };

export interface EncodedValues {
  readonly leaf: Leaf;
  readonly encoding: number;
  /** The whole page; the values begin at `start`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly limits: ParquetLimits;
}

/** @throws AppError PARQUET_INVALID, PARQUET_UNSUPPORTED, EXPANDS_TOO_MUCH */
export function openValues({ leaf, encoding, bytes, start, limits }: EncodedValues): PageValues {
  if (leaf.physical === 'BOOLEAN') return { kind: 'indexed', indexes: booleans(encoding, bytes, start, leaf) };
  switch (encoding) {
    case encodings.plain:
      return plain(bytes, start);
    case encodings.plainDictionary:
    case encodings.rleDictionary:
      return { kind: 'indexed', indexes: dictionaryIndexes(bytes, start) };
    case encodings.deltaBinaryPacked:
      if (leaf.physical === 'INT32' || leaf.physical === 'INT64') {
        return plain(undeltaIntegers(bytes, start, leaf.physical === 'INT32' ? 4 : 8, limits), 0);
      }
      break;
    case encodings.deltaLengthByteArray:
      if (leaf.physical === 'BYTE_ARRAY') return plain(undeltaLengths(bytes, start, limits), 0);
      break;
    case encodings.deltaByteArray:
      if (leaf.physical === 'BYTE_ARRAY' || leaf.physical === 'FIXED_LEN_BYTE_ARRAY') {
        return plain(undeltaStrings(bytes, start, widthOf(leaf), limits), 0);
      }
      break;
    case encodings.byteStreamSplit: {
      const width = widthOf(leaf);
      if (width !== undefined) return plain(joinStreams(bytes.subarray(start), width), 0);
      break;
    }
  }
  throw unsupported(`encoding ${encoding} for ${leaf.physical} in column ${leaf.path}`);
}

function plain(bytes: Uint8Array, start: number): PageValues {
  return { kind: 'plain', from: valueBytes(bytes), start };
}

export function valueBytes(bytes: Uint8Array): ValueBytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** The first byte is the indexes' width. A page of nulls only may have nothing at all. */
function dictionaryIndexes(bytes: Uint8Array, start: number): RleDecoder {
  return new RleDecoder(bytes, Math.min(start + 1, bytes.length), bytes.length, bytes[start] ?? 0);
}

/** Booleans are indexes of one bit into the dictionary `false, true`. */
function booleans(encoding: number, bytes: Uint8Array, start: number, leaf: Leaf): RleDecoder {
  if (encoding === encodings.plain) return RleDecoder.packed(bytes, start, 1);
  if (encoding !== encodings.rle) throw unsupported(`encoding ${encoding} for BOOLEAN in column ${leaf.path}`);
  if (start === bytes.length) return new RleDecoder(bytes, start, start, 1);
  const { run, end } = lengthPrefixed(bytes, start);
  return new RleDecoder(bytes, run, end, 1);
}

/** A run of bytes behind its length in four. */
export function lengthPrefixed(bytes: Uint8Array, start: number): { readonly run: number; readonly end: number } {
  if (start + 4 > bytes.length) throw invalid('a page ends within a length');
  const length = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, true);
  const end = start + 4 + length;
  if (end > bytes.length) throw invalid('a page ends within its levels');
  return { run: start + 4, end };
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes of all values … */
function joinStreams(bytes: Uint8Array, width: number): Uint8Array {
  if (bytes.length % width !== 0) throw invalid(`a split page of ${bytes.length} bytes with values of ${width}`);
  const count = bytes.length / width;
  const joined = new Uint8Array(bytes.length);
  for (let stream = 0; stream < width; stream++) {
    for (let i = 0; i < count; i++) joined[i * width + stream] = bytes[stream * count + i] as number;
  }
  return joined;
}
