import type pg from 'pg';
import type { KnownColumn } from '../../raw/plan-columns.ts';
import { type FileRow, readFileRows } from '../../raw/read-file-rows.ts';
import type { DeliveryTable } from '../../raw/table-names.ts';
import type { SecondReading } from '../decode/second-reading/read-csv-cells.ts';

/** Differences that are named; the first of them say what is wrong. */
export const maxNamedDifferences = 20;

export interface Difference {
  /** Position in the file from 1; 0 for what concerns the whole file. */
  readonly row: number;
  readonly column: string | undefined;
  /** Undefined: there is no such row. */
  readonly file: string | null | undefined;
  readonly database: string | null | undefined;
}

export interface CellComparison {
  readonly rows: number;
  readonly cells: number;
  readonly differences: readonly Difference[];
}

export interface CellsToCompare {
  readonly target: DeliveryTable;
  readonly fileId: number;
  readonly columns: readonly KnownColumn[];
  readonly file: SecondReading;
}

/** Walks through both readings side by side, row by row and cell by cell. */
export async function compareCells(
  pool: pg.Pool,
  { target, fileId, columns, file }: CellsToCompare,
): Promise<CellComparison> {
  return readFileRows(pool, { target, fileId, columns }, async (batches) => {
    const held = eachRow(batches);
    const differences: Difference[] = [];
    let rows = 0;
    const note = (difference: Difference) => {
      if (differences.length < maxNamedDifferences) differences.push(difference);
    };
    for await (const batch of file.batches) {
      for (const cells of batch) {
        rows += 1;
        compareRow({ row: rows, cells, columns, held: (await held.next()).value ?? undefined }, note);
      }
    }
    for (let extra = await held.next(); !extra.done; extra = await held.next()) {
      note({ row: extra.value.row, column: undefined, file: undefined, database: 'a row' });
      if (differences.length >= maxNamedDifferences) break;
    }
    return { rows, cells: rows * columns.length, differences };
  });
}

interface RowPair {
  readonly row: number;
  readonly cells: readonly (string | null)[];
  readonly columns: readonly KnownColumn[];
  readonly held: FileRow | undefined;
}

function compareRow({ row, cells, columns, held }: RowPair, note: (difference: Difference) => void): void {
  if (held === undefined || held.row !== row) {
    note({ row, column: undefined, file: 'a row', database: held === undefined ? undefined : `row ${held.row}` });
    return;
  }
  for (const [index, cell] of cells.entries()) {
    const database = held.cells[index] ?? null;
    if (cell !== database) note({ row, column: columns[index]?.sourceName, file: cell, database });
  }
}

async function* eachRow(batches: AsyncIterable<readonly FileRow[]>): AsyncGenerator<FileRow, void> {
  for await (const batch of batches) yield* batch;
}
