import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { freeBytes } from '../free-bytes.ts';
import { ByteSink } from './byte-sink.ts';
import type { WriterColumn } from './column.ts';
import { ColumnBuilder } from './column-builder.ts';
import { type ColumnChunk, nullChunk } from './column-chunk.ts';
import type { Compression } from './compress.ts';
import { maxGroupRows, maxGroupTextBytes } from './limits.ts';
import { LineBatches } from './line-batches.ts';
import { type ChunkShape, type GroupPlace, writeFooter } from './part-footer.ts';
import { metadataKeys } from './part-metadata.ts';
import { spillNames } from './spill-names.ts';
import { schemaElement } from './stored-type.ts';

export interface PartOptions {
  readonly columns: readonly WriterColumn[];
  readonly compression: Compression;
}

/** A whole parquet file, in pieces to be put behind one another. */
export interface WrittenPart {
  readonly chunks: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** Of the file, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly rows: number;
  /** NULLs of each column, in the columns' order. */
  readonly nullCounts: readonly number[];
  /** Column to the column beside it that holds, as text, the values that its type could not. */
  readonly spills: Readonly<Record<string, string>>;
}

/** A finished row group: its bytes, and its chunks one behind the other in them. */
interface Group {
  readonly rowCount: number;
  readonly bytes: Uint8Array;
  readonly columns: readonly ChunkShape[];
  /** By the index of their column, behind the columns. */
  readonly spills: ReadonlyMap<number, ChunkShape>;
}

const magic = Buffer.from('PAR1');

/**
 * COPY text to parquet: the same lines, metadata and options give the same bytes, however the lines come in chunks. Holds the
 * row group at hand and what is finished, compressed.
 */
export class PartEncoder {
  readonly #columns: readonly WriterColumn[];
  readonly #compression: Compression;
  readonly #batches: LineBatches;
  readonly #builders: readonly ColumnBuilder[];
  readonly #groups: Group[] = [];
  #rows = 0;
  #groupRows = 0;
  #groupTextBytes = 0;

  constructor({ columns, compression }: PartOptions) {
    this.#columns = columns;
    this.#compression = compression;
    this.#batches = new LineBatches(columns.length);
    this.#builders = columns.map((column) => new ColumnBuilder(column));
  }

  /** Whole lines. @throws AppError BAD_INPUT, TEXT_INVALID, ROW_TOO_LONG */
  add(lines: Uint8Array): void {
    const batches = this.#batches;
    batches.open(lines);
    if (!isUtf8(lines) || lines.includes(0)) throw this.#invalidText(lines);
    while (!batches.isAtEnd) {
      const batch = batches.next({
        rows: maxGroupRows - this.#groupRows,
        bytes: maxGroupTextBytes - this.#groupTextBytes,
        isEmpty: this.#groupRows === 0,
      });
      for (const [index, builder] of this.#builders.entries()) builder.append(batch, index, this.#rows + 1);
      this.#rows += batch.rowCount;
      this.#groupRows += batch.rowCount;
      this.#groupTextBytes += batch.textBytes;
      if (batch.rowCount === 0 || this.#groupRows === maxGroupRows) this.#endGroup();
    }
  }

  /** @throws AppError BAD_INPUT for a key that is the writer's own */
  finish(metadata: ReadonlyMap<string, string>): WrittenPart {
    if (this.#groupRows > 0) this.#endGroup();
    const spilled = [...this.#columns.keys()].filter((index) => this.#groups.some(({ spills }) => spills.has(index)));
    const names = spillNames(
      this.#columns,
      spilled.map((index) => this.#columns[index] as WriterColumn),
    );
    const chunks: Uint8Array[] = [Uint8Array.from(magic)];
    let position = magic.length;
    const places = this.#groups.map((group): GroupPlace => {
      const { bytes, place } = placeGroup(group, { position, spilled, compression: this.#compression });
      chunks.push(...bytes);
      position += bytes.reduce((sum, { length }) => sum + length, 0);
      return place;
    });
    const spills = Object.fromEntries(names);
    const texts = [...names.values()].map((name): WriterColumn => ({ name, type: { kind: 'text' } }));
    chunks.push(
      writeFooter({
        schema: [...this.#columns, ...texts].map(schemaElement),
        groups: places,
        compression: this.#compression,
        metadata: [...metadata, ...this.#ownMetadata(spills)],
      }),
    );
    return { ...digestOf(chunks), chunks, rows: this.#rows, nullCounts: this.#nullCounts(), spills };
  }

  #nullCounts(): number[] {
    return this.#builders.map(({ nullCount }) => nullCount);
  }

  #ownMetadata(spills: Readonly<Record<string, string>>): [string, string][] {
    const columns: [string, string] = [metadataKeys.columns, JSON.stringify(this.#columns.map(plainColumn))];
    return Object.keys(spills).length === 0 ? [columns] : [columns, [metadataKeys.spills, JSON.stringify(spills)]];
  }

  #endGroup(): void {
    const sink = new ByteSink();
    const columns: ChunkShape[] = [];
    const spillChunks = new Map<number, ColumnChunk>();
    for (const [index, builder] of this.#builders.entries()) {
      const { chunk, spill } = builder.encode(this.#compression);
      columns.push(appended(chunk, sink));
      if (spill !== undefined) spillChunks.set(index, spill);
    }
    const spills = new Map(Array.from(spillChunks, ([index, chunk]) => [index, appended(chunk, sink)]));
    this.#groups.push({ rowCount: this.#groupRows, bytes: sink.take(), columns, spills });
    this.#groupRows = 0;
    this.#groupTextBytes = 0;
  }

  /** The first field that is no text for PostgreSQL; databases in SQL_ASCII hold such. */
  #invalidText(lines: Uint8Array): AppError {
    let row = this.#rows;
    for (let start = 0; start < lines.length; row++) {
      const end = lines.indexOf(10, start);
      const line = lines.subarray(start, end);
      start = end + 1;
      if (isUtf8(line) && !line.includes(0)) continue;
      const column = this.#columns[invalidField(line)]?.name ?? '';
      const where = `column ${JSON.stringify(column)}, row ${row + 1}`;
      return new AppError('TEXT_INVALID', `${where} holds text that is not UTF-8, or a NUL character`);
    }
    return new AppError('TEXT_INVALID', 'text that is not UTF-8, or a NUL character');
  }
}

/** The same text for the same column, whatever order its properties were made in. */
function plainColumn({ name, type }: WriterColumn): WriterColumn {
  const { kind } = type;
  return { name, type: kind === 'decimal' ? { kind, precision: type.precision, scale: type.scale } : { kind } };
}

function invalidField(line: Uint8Array): number {
  let start = 0;
  for (let field = 0; ; field++) {
    const tab = line.indexOf(9, start);
    const bytes = line.subarray(start, tab < 0 ? line.length : tab);
    if (tab < 0 || !isUtf8(bytes) || bytes.includes(0)) return field;
    start = tab + 1;
  }
}

/** The chunk's pages go to the sink, what the footer says of them stays. */
function appended({ parts, ...shape }: ColumnChunk, sink: ByteSink): ChunkShape {
  for (const part of parts) {
    sink.append(part);
    freeBytes(part);
  }
  return shape;
}

interface PlaceOptions {
  readonly position: number;
  /** Columns with a column of texts somewhere in the file. */
  readonly spilled: readonly number[];
  readonly compression: Compression;
}

/** A group's bytes at their place: a column that spilled in another group gets its texts here too, all null. */
function placeGroup(
  { rowCount, bytes, columns, spills }: Group,
  { position, spilled, compression }: PlaceOptions,
): { readonly bytes: readonly Uint8Array[]; readonly place: GroupPlace } {
  const starts = new Map<ChunkShape, number>();
  let next = position;
  for (const shape of [...columns, ...spills.values()]) {
    starts.set(shape, next);
    next += shape.compressedBytes;
  }
  const sink = new ByteSink();
  const texts = spilled.map((index) => {
    const present = spills.get(index);
    if (present !== undefined) return present;
    const shape = appended(nullChunk(rowCount, compression), sink);
    starts.set(shape, next);
    next += shape.compressedBytes;
    return shape;
  });
  const chunks = [...columns, ...texts].map((shape) => ({ shape, start: starts.get(shape) as number }));
  return { bytes: sink.length === 0 ? [bytes] : [bytes, sink.view()], place: { rowCount, chunks } };
}

function digestOf(chunks: readonly Uint8Array[]): { readonly sizeBytes: number; readonly sha256: string } {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
