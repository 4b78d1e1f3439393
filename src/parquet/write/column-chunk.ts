import { crc32 } from 'node:zlib';
import type { Encoding } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';
import { freeBytes, trimBytes } from '../free-bytes.ts';
import { encodings as encodingNumbers, pageTypes } from '../page-header.ts';
import { ByteSink } from './byte-sink.ts';
import { type Compression, compress, isCheap } from './compress.ts';
import { writeHybrid } from './hybrid.ts';
import { Levels } from './levels.ts';
import type { Bounds, ColumnValues, ValueEncoding, ValuePage } from './value-encoding.ts';

/** One column of one row group, ready for the file. */
export interface ColumnChunk {
  /** Page headers and pages, in order. */
  readonly parts: readonly Uint8Array[];
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  /** Of the dictionary's page, which comes first; 0 without one. */
  readonly dictionaryBytes: number;
  readonly encodings: readonly Encoding[];
  readonly rowCount: number;
  readonly nullCount: number;
  readonly bounds: Bounds | undefined;
}

/** Stands in for codecs that are too slow to be used on every encoding that is tried. */
const trial: Compression = { codec: 'zstd', level: 1 };

/** Stores a column's values in the encoding that comes out smallest; of equal ones in the first. */
export function encodeChunk(values: ColumnValues, levels: Levels, compression: Compression): ColumnChunk {
  const bounds = values.bounds();
  const encodings = values.encodings();
  const [only] = encodings;
  if (encodings.length === 1 && only !== undefined) return writeChunk(only, { levels, bounds, compression });
  const tried = isCheap(compression) ? compression : trial;
  const chunks = encodings.map((encoding) => ({
    encoding,
    chunk: writeChunk(encoding, { levels, bounds, compression: tried }),
  }));
  const best = chunks.reduce((a, b) => (b.chunk.compressedBytes < a.chunk.compressedBytes ? b : a));
  for (const { chunk } of chunks) if (chunk !== best.chunk || tried !== compression) chunk.parts.forEach(freeBytes);
  if (tried === compression) return best.chunk;
  return writeChunk(best.encoding, { levels, bounds, compression });
}

/** A column of `rowCount` nulls. */
export function nullChunk(rowCount: number, compression: Compression): ColumnChunk {
  const levels = new Levels();
  levels.fillTo(rowCount);
  return writeChunk({ encoding: 'PLAIN', pages: [] }, { levels, bounds: undefined, compression });
}

interface ChunkOptions {
  readonly levels: Levels;
  readonly bounds: Bounds | undefined;
  readonly compression: Compression;
}

function writeChunk(
  { encoding, dictionary, pages }: ValueEncoding,
  { levels, bounds, compression }: ChunkOptions,
): ColumnChunk {
  const out = new PageWriter(compression);
  if (dictionary !== undefined) out.dictionary(dictionary);
  const dictionaryBytes = out.compressedBytes;
  let row = 0;
  let valueCount = 0;
  for (const [index, page] of pages.entries()) {
    const isLast = index === pages.length - 1;
    const end = isLast ? levels.rowCount : rowAfter(levels, row, page.valueCount);
    out.data(page, encoding, { levels, from: row, to: end });
    row = end;
    valueCount += page.valueCount;
  }
  if (pages.length === 0) {
    out.data({ valueCount: 0, bytes: new Uint8Array(0) }, encoding, { levels, from: 0, to: levels.rowCount });
  }
  return {
    parts: out.parts,
    compressedBytes: out.compressedBytes,
    uncompressedBytes: out.uncompressedBytes,
    dictionaryBytes,
    encodings: dictionary === undefined ? ['RLE', encoding] : ['PLAIN', 'RLE', encoding],
    rowCount: levels.rowCount,
    nullCount: levels.rowCount - valueCount,
    bounds,
  };
}

/** The row behind the next `valueCount` that have a value. */
function rowAfter(levels: Levels, from: number, valueCount: number): number {
  let row = from;
  for (let left = valueCount; left > 0; row++) left -= levels.values[row] as number;
  return row;
}

interface RowSpan {
  readonly levels: Levels;
  readonly from: number;
  readonly to: number;
}

/** Pages of parquet's first version, which every reader knows: levels and values compressed as one. */
class PageWriter {
  readonly #compression: Compression;
  readonly parts: Uint8Array[] = [];
  compressedBytes = 0;
  uncompressedBytes = 0;

  constructor(compression: Compression) {
    this.#compression = compression;
  }

  dictionary({ valueCount, bytes }: ValuePage): void {
    this.#page(bytes, pageTypes.dictionary, { field_7: { field_1: valueCount, field_2: encodingNumbers.plain } });
  }

  data({ bytes }: ValuePage, encoding: ValueEncoding['encoding'], { levels, from, to }: RowSpan): void {
    const page = new ByteSink();
    page.uint32(0);
    writeHybrid({ values: levels.values, from, to, width: 1 }, page);
    new DataView(page.bytes.buffer).setUint32(0, page.length - 4, true);
    page.append(bytes);
    this.#page(page.view(), pageTypes.data, {
      field_5: {
        field_1: to - from,
        field_2: numberOf(encoding),
        field_3: encodingNumbers.rle,
        field_4: encodingNumbers.rle,
      },
    });
    // uncompressed, the page is its own body
    if (this.#compression.codec !== 'none') freeBytes(page.bytes);
  }

  #page(bytes: Uint8Array, type: number, fields: Record<`field_${number}`, Record<`field_${number}`, number>>): void {
    const body = pageBody(bytes, this.#compression);
    const header = new ByteWriter(64);
    serializeTCompactProtocol(header, {
      field_1: type,
      field_2: bytes.length,
      field_3: body.length,
      // signed, as thrift's integers are
      field_4: crc32(body) | 0,
      ...fields,
    });
    const headerBytes = header.getBytes();
    this.parts.push(headerBytes, body);
    this.compressedBytes += headerBytes.length + body.length;
    this.uncompressedBytes += headerBytes.length + bytes.length;
  }
}

/** A page is compressed into a buffer that would hold it as it is; the column's pages wait for one another. */
function pageBody(page: Uint8Array, compression: Compression): Uint8Array {
  const body = compress(page, compression);
  return body === page ? body : trimBytes(body);
}

function numberOf(encoding: ValueEncoding['encoding']): number {
  const numbers = {
    PLAIN: encodingNumbers.plain,
    RLE_DICTIONARY: encodingNumbers.rleDictionary,
    DELTA_BINARY_PACKED: encodingNumbers.deltaBinaryPacked,
  } as const;
  return numbers[encoding];
}
