import { AppError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import type { Cells, ColumnForm, ColumnReader } from './column-reader.ts';
import { CopyLines, chunkBytes } from './copy-lines.ts';
import { Expansion } from './expansion.ts';
import { FlatColumn } from './flat-column.ts';
import type { FileLayout, RowGroupLocation } from './footer.ts';
import { type GroupBytes, GroupReader } from './group-bytes.ts';
import type { ParquetLimits } from './limits.ts';
import { MemoryBudget } from './memory-budget.ts';
import { MoreColumn } from './more-column.ts';
import { NestedColumn } from './nested-column.ts';
import { PageReader } from './page-reader.ts';
import { invalid } from './problems.ts';
import { isFlat, type Leaf } from './schema.ts';
import { SpilledColumn } from './spilled-column.ts';

/** What to make of a file. Columns are meant by their index: names may repeat. */
export interface CopyRequest {
  /** Fields after the row number, in this order. */
  readonly columns: readonly number[];
  readonly asText: ReadonlySet<number>;
  /** Columns for one last field, a JSON object: index to key. Empty: no such field. */
  readonly moreColumns: ReadonlyMap<number, string>;
  readonly asPrinted?: PrintedRows | undefined;
}

/** Lines without a row number, spelled as the server spelled them from which a part was written. */
export interface PrintedRows {
  /** Column to the text column whose values, where there is one, go before its own. */
  readonly spills: ReadonlyMap<number, number>;
}

/** Where the lines go. */
export interface RowOutput {
  readonly emit: (buffer: ArrayBuffer, length: number) => void;
  /** Awaited between batches: resolves when more is wanted. @throws AppError to stop */
  readonly wanted: () => Promise<void> | undefined;
}

/** Rows of a batch: enough that a column's loop is long, few enough that a batch stays in the processor's cache. */
const maxBatchRows = 1024;
const firstBatchRows = 64;

/** Cells of a batch, which bounds it for files of very many columns. */
const maxBatchCells = 1_000_000;

export interface DecodeOptions {
  readonly source: ByteSource;
  readonly layout: FileLayout;
  readonly limits: ParquetLimits;
  readonly request: CopyRequest;
  readonly output: RowOutput;
}

/**
 * Decodes a whole file to COPY text, row group by row group and page by page.
 * @throws AppError PARQUET_*, TEXT_INVALID, EXPANDS_TOO_MUCH, ROW_TOO_LONG; WiderTypeNeeded; what source and output throw
 */
export async function decodeRows(options: DecodeOptions): Promise<void> {
  const { source, layout, limits, request, output } = options;
  const columnCount = request.columns.length + request.moreColumns.size;
  const maxRows = Math.max(1, Math.min(maxBatchRows, Math.floor(maxBatchCells / Math.max(1, columnCount))));
  const isNumbered = request.asPrinted === undefined;
  const lines = new CopyLines({ maxRows, maxRowBytes: limits.maxRowBytes, isNumbered, emit: output.emit });
  const groups = new GroupReader(source, layout.groups, limits);
  const expansion = new Expansion(source.sizeBytes, limits);
  let firstRow = 1;
  let batchRows = Math.min(firstBatchRows, maxRows);
  for (const [index, group] of layout.groups.entries()) {
    const bytes = await groups.open(index);
    const columns = openColumns(options, { group, bytes, maxRows, firstRow, expansion });
    try {
      batchRows = await decodeGroup(columns, {
        rowCount: group.rowCount,
        lines,
        output,
        expansion,
        maxRows,
        batchRows,
      });
    } finally {
      for (const column of columns) column.close();
      for (const chunk of bytes) chunk.close();
    }
    firstRow += group.rowCount;
  }
  lines.flush();
}

interface GroupPass {
  readonly rowCount: number;
  readonly lines: CopyLines;
  readonly output: RowOutput;
  readonly expansion: Expansion;
  readonly maxRows: number;
  /** Rows to begin with. */
  readonly batchRows: number;
}

/** Answers the number of rows a batch that the group ended with. */
async function decodeGroup(columns: readonly ColumnReader[], pass: GroupPass): Promise<number> {
  const { rowCount, lines, output, expansion, maxRows } = pass;
  let { batchRows } = pass;
  for (let left = rowCount; left > 0; ) {
    const wait = output.wanted();
    if (wait !== undefined) await wait;
    let rows = Math.min(batchRows, left);
    for (const column of columns) {
      let ready = column.ready(rows);
      if (ready === 0) {
        await column.load();
        ready = column.ready(rows);
        if (ready === 0) throw invalid(`a column holds fewer rows than its row group's ${rowCount}`);
      }
      rows = ready;
    }
    const cells: Cells[] = [];
    for (const column of columns) cells.push(column.fill(rows));
    const bytes = lines.begin(cells, rows);
    expansion.add(bytes);
    while (lines.writeSome()) await output.wanted();
    left -= rows;
    // as many rows as fill a chunk, going by the last ones
    batchRows = Math.max(1, Math.min(maxRows, Math.floor((chunkBytes * rows) / bytes), rows * 4));
  }
  for (const column of columns) {
    if (!column.isAtEnd) throw invalid(`a column holds more rows than its row group's ${rowCount}`);
  }
  return batchRows;
}

interface GroupAtHand {
  readonly group: RowGroupLocation;
  readonly bytes: GroupBytes;
  readonly maxRows: number;
  readonly firstRow: number;
  readonly expansion: Expansion;
}

function openColumns(options: DecodeOptions, at: GroupAtHand): readonly ColumnReader[] {
  const { limits, request } = options;
  const budget = new MemoryBudget(limits.maxLiveBytes);
  const open = (index: number, isEscaped: boolean): ColumnReader =>
    openColumn(options, at, { index, isEscaped, budget });
  const spills = request.asPrinted?.spills ?? new Map<number, number>();
  const readers = request.columns.map((index) => {
    const spill = spills.get(index);
    if (spill === undefined) return open(index, true);
    return new SpilledColumn({ own: open(index, true), texts: open(spill, true), maxRows: at.maxRows, budget });
  });
  if (request.moreColumns.size === 0) return readers;
  const surplus = [...request.moreColumns].map(([index, key]) => ({ key, reader: open(index, false) }));
  return [...readers, new MoreColumn(surplus, { maxRows: at.maxRows, budget })];
}

interface OpenColumn {
  readonly index: number;
  readonly isEscaped: boolean;
  readonly budget: MemoryBudget;
}

function openColumn({ layout, request, limits }: DecodeOptions, at: GroupAtHand, how: OpenColumn): ColumnReader {
  const { index, isEscaped, budget } = how;
  const column = layout.schema.columns[index];
  if (column === undefined) throw new AppError('BAD_INPUT', `the file has no column ${index}`);
  const asText = request.asText.has(index) || request.moreColumns.has(index);
  const { maxRows, firstRow } = at;
  const isPrinted = request.asPrinted !== undefined;
  const form: ColumnForm = { name: column.name, asText, isPrinted, isEscaped, maxRows, firstRow };
  const pagesOf = (leaf: Leaf, leafIndex: number): PageReader => {
    const chunk = at.group.chunks[leafIndex];
    const bytes = at.bytes[leafIndex];
    if (chunk === undefined || bytes === undefined) throw invalid(`column ${leaf.path} has no data`);
    return new PageReader({ leaf, chunk, bytes, limits, budget, expansion: at.expansion });
  };
  if (isFlat(column)) return new FlatColumn({ leaf: column, pages: pagesOf(column, column.firstLeaf), form, budget });
  const leaves = layout.schema.leaves.slice(column.firstLeaf, column.endLeaf);
  const leafPages = leaves.map((leaf, i) => ({ leaf, pages: pagesOf(leaf, column.firstLeaf + i) }));
  return new NestedColumn({ column, form, budget, leaves: leafPages });
}
