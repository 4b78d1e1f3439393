import { AppError } from '../../../errors.ts';
import { parseCells, type Row } from '../csv/cells.ts';
import { sameColumns } from '../csv/columns.ts';
import type { CsvPart } from '../csv/part.ts';
import { raggedRow } from '../csv/ragged.ts';
import { type DecodeLimits, defaultLimits } from '../limits.ts';
import { checkedText } from './checked-text.ts';

export interface SecondReadingOptions {
  readonly limits?: Partial<DecodeLimits>;
  readonly signal?: AbortSignal;
}

export interface SecondReading {
  readonly columns: readonly string[];
  /** Every row in order, each with as many cells as there are columns. To be iterated once, to its end. */
  readonly batches: AsyncIterable<readonly Row[]>;
}

/**
 * Reads a CSV file with a parser that isn't PostgreSQL's, so that what the database holds can be held against it. Takes
 * the same parts as `decodeCsv` and shares none of its record finding.
 * @throws AppError CSV_INVALID, CSV_RAGGED, TEXT_INVALID, ROW_TOO_LONG, CANCELLED, and whatever the source throws
 */
export async function readCsvCells(
  parts: Iterable<CsvPart> | AsyncIterable<CsvPart>,
  options: SecondReadingOptions = {},
): Promise<SecondReading> {
  const batches = readParts(parts, options);
  const first = await batches.next();
  return { columns: first.done ? [] : toColumns(first.value[0]), batches };
}

/** A first batch of the header alone, then those of all parts' rows. */
async function* readParts(
  parts: Iterable<CsvPart> | AsyncIterable<CsvPart>,
  options: SecondReadingOptions,
): AsyncGenerator<readonly Row[], void> {
  const { maxRowBytes } = { ...defaultLimits, ...options.limits };
  let columns: readonly string[] | undefined;
  for await (const { name, bytes } of parts) {
    let header: readonly string[] | undefined;
    for await (const batch of parseCells(checkedText(name, bytes), { name, maxRowBytes, signal: options.signal })) {
      let rows = batch;
      if (header === undefined) {
        const [first, ...rest] = batch;
        header = toColumns(first);
        if (columns === undefined) yield [header];
        columns ??= header;
        if (!sameColumns(columns, header)) throw new AppError('ZIP_INVALID', `${name}: its header differs`);
        rows = rest;
      }
      yield withoutBlankLines(name, rows, header);
    }
  }
}

/** With one column a blank line is a row that holds null; with more it is no row. */
function withoutBlankLines(name: string, rows: readonly Row[], columns: readonly string[]): readonly Row[] {
  const kept = columns.length === 1 ? rows : rows.filter((row) => row.length !== 1 || row[0] !== null);
  const ragged = kept.find((row) => row.length !== columns.length);
  if (ragged !== undefined) throw raggedRow(`${name}: a row`, ragged.length, columns);
  return kept;
}

function toColumns(header: Row | undefined): readonly string[] {
  return (header ?? []).map((cell) => cell ?? '');
}
