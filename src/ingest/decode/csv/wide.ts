import { AppError } from '../../../errors.ts';
import { type Cell, parseCells } from './cells.ts';
import type { CsvFile } from './decode-csv.ts';
import { raggedRow } from './ragged.ts';

export interface WideOptions {
  /** What messages call the file. */
  readonly name: string;
  /** For each column of the header the name under which its values go into the last field; undefined: a column of its own. */
  readonly surplus: readonly (string | undefined)[];
  readonly maxRowBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The rows of a file with more columns than a table can have, for `COPY (_row, …own columns, _more) … (format csv)`: the
 * surplus cells that aren't null become one JSON object `{name: value}`. This parses every cell and is several times
 * slower than `CsvFile.rows`.
 * @throws AppError CSV_RAGGED, and what `CsvFile.rows` throws
 */
export async function* foldSurplus(file: CsvFile, options: WideOptions): AsyncGenerator<Buffer, void> {
  const names = options.surplus.map((name) => name && JSON.stringify(name));
  const surplus = names.filter((name) => name !== undefined);
  if (new Set(surplus).size !== surplus.length || names.length !== file.columns.length) {
    throw new AppError('INTERNAL', `${options.name}: the names of the surplus columns do not fit the header`);
  }
  // our own row numbers come on top of what a row may hold
  const cellOptions = { ...options, maxRowBytes: options.maxRowBytes + 32 };
  for await (const batch of parseCells(file.rows(), cellOptions)) {
    const lines = batch.map(([row = null, ...cells]) => {
      if (cells.length !== file.columns.length) {
        const place = file.placeOf(Number(row));
        const at = place === undefined ? `${options.name}, row ${row}` : `${place.part}, line ${place.line}`;
        throw raggedRow(at, cells.length, file.columns);
      }
      const own = cells.filter((_, i) => names[i] === undefined);
      return [row, ...own, toJson(names, cells)].map(toCsv).join(',');
    });
    yield Buffer.from(`${lines.join('\n')}\n`);
  }
}

function toJson(names: readonly (string | undefined)[], cells: readonly Cell[]): string {
  const members = cells.flatMap((cell, i) =>
    cell === null || names[i] === undefined ? [] : [`${names[i]}:${JSON.stringify(cell)}`],
  );
  return `{${members.join(',')}}`;
}

function toCsv(cell: Cell): string {
  if (cell === null) return '';
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
