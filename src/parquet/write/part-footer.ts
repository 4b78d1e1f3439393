import type { ColumnMetaData, FileMetaData, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { ColumnChunk } from './column-chunk.ts';
import { type Compression, parquetCodec } from './compress.ts';
import { createdBy } from './part-metadata.ts';

/** parquet.thrift: 2 for files that use DELTA encodings and RLE_DICTIONARY. */
const formatVersion = 2;

export type ChunkShape = Omit<ColumnChunk, 'parts'>;

/** A row group's chunks, in the schema's order, and where each begins in the file. */
export interface GroupPlace {
  readonly rowCount: number;
  readonly chunks: readonly { readonly shape: ChunkShape; readonly start: number }[];
}

export interface FooterOptions {
  /** Leaf columns, in order. */
  readonly schema: readonly SchemaElement[];
  readonly groups: readonly GroupPlace[];
  readonly compression: Compression;
  readonly metadata: Iterable<readonly [string, string]>;
}

/** Everything behind the last page: footer, its length, magic. */
export function writeFooter({ schema, groups, compression, metadata }: FooterOptions): Uint8Array {
  const footer: FileMetaData = {
    version: formatVersion,
    created_by: createdBy,
    schema: [{ name: 'part', num_children: schema.length }, ...schema],
    num_rows: BigInt(groups.reduce((sum, { rowCount }) => sum + rowCount, 0)),
    row_groups: groups.map(({ rowCount, chunks }) => ({
      num_rows: BigInt(rowCount),
      total_byte_size: BigInt(chunks.reduce((sum, { shape }) => sum + shape.uncompressedBytes, 0)),
      total_compressed_size: BigInt(chunks.reduce((sum, { shape }) => sum + shape.compressedBytes, 0)),
      file_offset: BigInt(Math.min(...chunks.map(({ start }) => start))),
      columns: chunks.map(({ shape, start }, i) => ({
        // deprecated: the metadata lies in the footer alone
        file_offset: 0n,
        meta_data: chunkMetadata(schema[i] as SchemaElement, shape, start, compression),
      })),
    })),
    key_value_metadata: Array.from(metadata, ([key, value]) => ({ key, value })),
    metadata_length: 0,
  };
  const writer = new ByteWriter();
  writeMetadata(writer, footer);
  writer.appendBytes(Buffer.from('PAR1'));
  return writer.getBytes();
}

function chunkMetadata(
  element: SchemaElement,
  shape: ChunkShape,
  start: number,
  compression: Compression,
): ColumnMetaData {
  const { bounds, dictionaryBytes } = shape;
  if (element.type === undefined) throw new Error('a column of a part has no type');
  return {
    type: element.type,
    encodings: [...shape.encodings],
    path_in_schema: [element.name],
    codec: parquetCodec(compression),
    num_values: BigInt(shape.rowCount),
    total_uncompressed_size: BigInt(shape.uncompressedBytes),
    total_compressed_size: BigInt(shape.compressedBytes),
    data_page_offset: BigInt(start + dictionaryBytes),
    ...(dictionaryBytes > 0 ? { dictionary_page_offset: BigInt(start) } : {}),
    statistics: {
      null_count: BigInt(shape.nullCount),
      ...(bounds === undefined
        ? {}
        : { min_value: exact(element, bounds.least), max_value: exact(element, bounds.greatest) }),
    },
  };
}

type Bound = number | bigint | Uint8Array;

/** hyparquet-writer takes a decimal's unscaled value as a bigint only. */
function exact(element: SchemaElement, bound: Bound): Bound {
  return element.converted_type === 'DECIMAL' && typeof bound === 'number' ? BigInt(bound) : bound;
}
