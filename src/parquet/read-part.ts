import { AppError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { type LeafType, leafType } from './leaf-type.ts';
import type { ParquetLimits } from './limits.ts';
import { type CopyRowsOptions, openParquet, type ParquetFile } from './parquet-file.ts';
import { invalid } from './problems.ts';
import { isFlat, type Node } from './schema.ts';
import { WiderTypeNeeded } from './wider-type.ts';
import type { WriterColumn } from './write/column.ts';
import { metadataKeys } from './write/part-metadata.ts';
import { readPartColumns, readPartSpills } from './write/part-metadata-shape.ts';
import { schemaElement } from './write/stored-type.ts';

export interface OpenPartOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A part that our own writer wrote, decoded in a thread of its own. */
export interface OpenedPart {
  /** The footer's key-value pairs, the writer's own among them. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The columns that were written, in order; those of spilled texts are none of them. */
  readonly columns: readonly WriterColumn[];
  readonly rowCount: number;

  /**
   * The lines that were written, byte for byte; with `columns`, lines of those fields only, in that order. Each buffer ends at
   * a line's end. One reading at a time; a new one starts from the first line again.
   * @throws AppError PARQUET_INVALID, PARQUET_UNSUPPORTED, TEXT_INVALID, EXPANDS_TOO_MUCH, ROW_TOO_LONG, DECODER_CRASHED,
   * CANCELLED, or what the byte source threw; BAD_INPUT for a column that the part has not
   */
  lines(options?: { readonly columns?: readonly string[] | undefined }): AsyncGenerator<Buffer, void>;

  /** Ends the thread, or leaves it to the next part where this one was read whole. Harmless when called twice. */
  close(): Promise<void>;
}

/**
 * Lines that repeat cost a part next to nothing, so no ratio tells a hostile one; but a part is 1 GiB of text at most, and
 * its pages, of many narrow columns, may come to eight times as much.
 */
const partLimits: Partial<ParquetLimits> = {
  maxExpandedBytes: 16 * 2 ** 30,
  maxExpansionRatio: Number.MAX_SAFE_INTEGER,
};

/**
 * Reads a part's footer. The caller closes the part; where this throws there is nothing to close.
 * @throws AppError as `lines`; PARQUET_INVALID for a file that our writer did not write
 */
export async function openPart(source: ByteSource, { signal }: OpenPartOptions = {}): Promise<OpenedPart> {
  const file = await openParquet(source, { signal, limits: partLimits });
  try {
    return new PartFile(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

class PartFile implements OpenedPart {
  readonly #file: ParquetFile;
  readonly #spills: ReadonlyMap<number, number>;
  readonly columns: readonly WriterColumn[];

  constructor(file: ParquetFile) {
    this.#file = file;
    this.columns = readPartColumns(file.keyValues.get(metadataKeys.columns));
    const spills = readPartSpills(file.keyValues.get(metadataKeys.spills));
    const texts = file.schema.columns.slice(this.columns.length).map(({ name }) => name);
    checkSchema(file.schema.columns, [...this.columns, ...texts.map(textColumn)]);
    this.#spills = spillIndexes(this.columns, texts, spills);
  }

  get metadata(): ReadonlyMap<string, string> {
    return this.#file.keyValues;
  }

  get rowCount(): number {
    return this.#file.rowCount;
  }

  async *lines({ columns }: { readonly columns?: readonly string[] | undefined } = {}): AsyncGenerator<Buffer, void> {
    const indexes = columns?.map((name) => this.#indexOf(name)) ?? [...this.columns.keys()];
    const options: CopyRowsOptions = { columns: indexes, asPrinted: { spills: this.#spills } };
    try {
      yield* this.#file.copyRows(options);
    } catch (error) {
      // the writer keeps such values as text
      throw error instanceof WiderTypeNeeded ? invalid(error.message) : error;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #indexOf(name: string): number {
    const index = this.columns.findIndex((column) => column.name === name);
    if (index < 0) throw new AppError('BAD_INPUT', `the part has no column ${JSON.stringify(name)}`);
    return index;
  }
}

function textColumn(name: string): WriterColumn {
  return { name, type: { kind: 'text' } };
}

/** Column to the column of its texts, by index; those of texts lie behind the columns, and each belongs to one. */
function spillIndexes(
  columns: readonly WriterColumn[],
  texts: readonly string[],
  spills: ReadonlyMap<string, string>,
): Map<number, number> {
  const indexes = new Map<number, number>();
  for (const [index, { name }] of columns.entries()) {
    const spill = spills.get(name);
    if (spill === undefined) continue;
    const position = texts.indexOf(spill);
    if (position < 0) throw invalid(`its footer names a column ${JSON.stringify(spill)} that it has not`);
    indexes.set(index, columns.length + position);
  }
  if (indexes.size !== spills.size || indexes.size !== texts.length) {
    throw invalid(`its footer names ${spills.size} columns of texts, and it has ${texts.length}`);
  }
  return indexes;
}

/** What the footer's metadata says of the columns is what its schema says: each would be read wrongly otherwise. */
function checkSchema(nodes: readonly Node[], columns: readonly WriterColumn[]): void {
  if (nodes.length < columns.length) {
    throw invalid(`its schema has ${nodes.length} columns, its footer's metadata ${columns.length}`);
  }
  for (const [index, column] of columns.entries()) {
    const node = nodes[index];
    if (node !== undefined && isStored(column, node)) continue;
    throw invalid(`column ${JSON.stringify(column.name)} is not stored as ${column.type.kind}`);
  }
}

function isStored(column: WriterColumn, node: Node): boolean {
  const element = schemaElement(column);
  if (node.name !== column.name || !isFlat(node) || node.physical !== element.type) return false;
  return node.fixedBytes === (element.type_length ?? 0) && isSameType(leafType(element), node.type);
}

function isSameType(a: LeafType, b: LeafType): boolean {
  if (a.kind === 'decimal' && b.kind === 'decimal') return a.scale === b.scale;
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return a.unit === b.unit && a.isUtc === b.isUtc;
  return a.kind === b.kind;
}
