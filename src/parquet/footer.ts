import { type ColumnMetaData, type FileMetaData, parquetMetadata, type RowGroup } from 'hyparquet';
import type { ByteSource } from './byte-source.ts';
import type { ParquetLimits } from './limits.ts';
import { expandsTooMuch, invalid, unsupported } from './problems.ts';
import { buildSchema, type Leaf, type ParquetSchema } from './schema.ts';
import { ThriftReader } from './thrift.ts';

/** One leaf's values in one row group: bytes `[start, end)` of the file. */
export interface ChunkLocation {
  readonly codec: string;
  readonly valueCount: number;
  readonly start: number;
  readonly end: number;
}

export interface RowGroupLocation {
  readonly rowCount: number;
  /** One a leaf, in the schema's order. */
  readonly chunks: readonly ChunkLocation[];
}

export interface FileLayout {
  readonly schema: ParquetSchema;
  readonly rowCount: number;
  readonly groups: readonly RowGroupLocation[];
  /** The file's own key-value pairs; of a key that repeats, the last. */
  readonly keyValues: ReadonlyMap<string, string>;
}

/** Footer length and magic at the very end. */
const tailBytes = 8;

/** Takes most footers in one request. */
const firstReadBytes = 64 * 1024;

/**
 * Reads the file's footer and checks every claim in it against the file's size and the limits.
 * @throws AppError PARQUET_INVALID, PARQUET_UNSUPPORTED, EXPANDS_TOO_MUCH
 */
export async function readFooter(source: ByteSource, limits: ParquetLimits): Promise<FileLayout> {
  const { sizeBytes } = source;
  if (sizeBytes < tailBytes + 4) throw invalid(`it has only ${sizeBytes} bytes`);
  const tailStart = Math.max(0, sizeBytes - firstReadBytes);
  const tail = await source.read(tailStart, sizeBytes);
  const footerBytes = footerLength(tail, sizeBytes);
  if (footerBytes > limits.maxFooterBytes) throw expandsTooMuch(`a footer of ${footerBytes} bytes`);
  const footerStart = sizeBytes - tailBytes - footerBytes;
  const footer =
    footerStart >= tailStart ? tail.subarray(footerStart - tailStart) : await source.read(footerStart, sizeBytes);
  return toLayout(parseFooter(footer, limits), footerStart, limits);
}

function footerLength(tail: Uint8Array, sizeBytes: number): number {
  const magic = Buffer.from(tail.subarray(-4)).toString('latin1');
  if (magic === 'PARE') throw unsupported('an encrypted footer');
  if (magic !== 'PAR1') throw invalid('it does not end with PAR1; is it whole, and a parquet file?');
  const view = new DataView(tail.buffer, tail.byteOffset + tail.byteLength - tailBytes, 4);
  const length = view.getUint32(0, true);
  if (length > sizeBytes - tailBytes - 4) throw invalid(`its footer claims ${length} of ${sizeBytes} bytes`);
  return length;
}

/**
 * hyparquet parses the footer; our own bounded walk goes before it, so that neither depth nor counts are the file's choice.
 * Annotations of geo columns are left alone: they are bytes to us.
 */
function parseFooter(footer: Uint8Array, limits: ParquetLimits): FileMetaData {
  const reader = new ThriftReader(footer.subarray(0, -tailBytes), 0, limits.maxFooterValues);
  reader.struct(() => false);
  try {
    return parquetMetadata(footer, { geoparquet: false });
  } catch (error) {
    throw invalid(`its footer cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function toLayout(metadata: FileMetaData, footerStart: number, limits: ParquetLimits): FileLayout {
  const schema = buildSchema(metadata.schema, limits);
  if (metadata.row_groups.length > limits.maxRowGroups)
    throw expandsTooMuch(`${metadata.row_groups.length} row groups`);
  const groups = metadata.row_groups.map((group, index) => toGroup(group, { index, schema, footerStart, limits }));
  const rowCount = groups.reduce((sum, group) => sum + group.rowCount, 0);
  if (rowCount > limits.maxRows) throw expandsTooMuch(`${rowCount} rows, more than ${limits.maxRows}`);
  if (BigInt(rowCount) !== metadata.num_rows) {
    throw invalid(`its footer claims ${metadata.num_rows} rows and its row groups hold ${rowCount}`);
  }
  checkShared(groups, footerStart);
  const pairs = metadata.key_value_metadata ?? [];
  const keyValues = new Map(pairs.map(({ key, value }) => [key, value ?? '']));
  return { schema, rowCount, groups, keyValues };
}

/**
 * No two row groups and no two columns share bytes: otherwise a footer could have one page read, sent and decoded a hundred
 * thousand times. Sums tell, in place of sorting: what lies side by side cannot be longer than the file.
 */
function checkShared(groups: readonly RowGroupLocation[], footerStart: number): void {
  let chunkBytes = 0;
  let groupBytes = 0;
  for (const { chunks } of groups) {
    for (const { start, end } of chunks) chunkBytes += end - start;
    const { start, end } = spanOf(chunks);
    groupBytes += end - start;
  }
  const claimed = Math.max(chunkBytes, groupBytes);
  if (claimed > footerStart) throw invalid(`its row groups claim ${claimed} bytes before byte ${footerStart}`);
}

/** From the first byte of any of the chunks to the last; `[0, 0)` where all are empty. */
export function spanOf(chunks: readonly ChunkLocation[]): { readonly start: number; readonly end: number } {
  let start = Number.MAX_SAFE_INTEGER;
  let end = 0;
  for (const chunk of chunks) {
    if (chunk.start === chunk.end) continue;
    start = Math.min(start, chunk.start);
    end = Math.max(end, chunk.end);
  }
  return end === 0 ? { start: 0, end: 0 } : { start, end };
}

interface GroupContext {
  readonly index: number;
  readonly schema: ParquetSchema;
  readonly footerStart: number;
  readonly limits: ParquetLimits;
}

function toGroup(group: RowGroup, context: GroupContext): RowGroupLocation {
  const { schema, index } = context;
  if (group.columns.length !== schema.leaves.length) {
    throw invalid(`row group ${index} has ${group.columns.length} columns, its schema ${schema.leaves.length}`);
  }
  const rowCount = count(group.num_rows, `the rows of row group ${index}`);
  const chunks = schema.leaves.map((leaf, i): ChunkLocation => {
    const column = group.columns[i];
    if (column?.file_path) throw unsupported(`column ${leaf.path} lies in another file`);
    if (column?.crypto_metadata || column?.encrypted_column_metadata)
      throw unsupported(`column ${leaf.path} is encrypted`);
    if (column?.meta_data === undefined) throw invalid(`column ${leaf.path} of row group ${index} has no metadata`);
    return toChunk(column.meta_data, leaf, { ...context, rowCount });
  });
  return { rowCount, chunks };
}

function toChunk(
  meta: ColumnMetaData,
  leaf: Leaf,
  context: GroupContext & { readonly rowCount: number },
): ChunkLocation {
  const where = `column ${leaf.path} of row group ${context.index}`;
  if (meta.type !== leaf.physical) throw invalid(`${where} is ${meta.type}, its schema says ${leaf.physical}`);
  const valueCount = count(meta.num_values, `the values of ${where}`);
  if (leaf.depth === 0 && valueCount !== context.rowCount) {
    throw invalid(`${where} has ${valueCount} values for ${context.rowCount} rows`);
  }
  const dataStart = count(meta.data_page_offset, `the offset of ${where}`);
  // Some writers give 0 for "no dictionary page"; no page lies at 0, where the magic is.
  const dictionaryStart = count(meta.dictionary_page_offset ?? 0n, `the dictionary's offset of ${where}`);
  const start = dictionaryStart > 0 ? Math.min(dictionaryStart, dataStart) : dataStart;
  const end = start + count(meta.total_compressed_size, `the size of ${where}`);
  if (start < 4 && valueCount > 0) throw invalid(`${where} starts at byte ${start}`);
  if (end > context.footerStart) throw invalid(`${where} ends at byte ${end}, behind the footer's start`);
  return { codec: meta.codec ?? 'unknown', valueCount, start, end };
}

/** A count or offset of the footer as a number that stays exact. */
function count(value: bigint | undefined, what: string): number {
  if (typeof value !== 'bigint' || value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalid(`${what}: ${String(value)}`);
  }
  return Number(value);
}
