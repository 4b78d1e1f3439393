import { createGzip } from 'node:zlib';
import { AppError } from '../../errors.ts';
import { type Amount, decimalText } from './amount.ts';
import { type Charge, charges } from './charge.ts';
import type { Column } from './column.ts';
import { csvText } from './csv.ts';
import { cur2Columns } from './cur2-columns.ts';
import { focus10Columns, focus12Columns } from './focus-columns.ts';
import { legacyCsvColumns, legacyParquetColumns } from './legacy-columns.ts';
import { monthOf } from './month.ts';
import { parquetBytes } from './parquet.ts';
import { through } from './through.ts';
import { zipOf } from './zip.ts';

export const madeKinds = ['cur-legacy', 'cur2', 'focus-1.0', 'focus-1.2'] as const;
export type MadeKind = (typeof madeKinds)[number];

/** How a data file is written; `csv` is plain. */
export const madeFormats = ['csv', 'csv.gz', 'csv.zip', 'parquet'] as const;
export type MadeFormat = (typeof madeFormats)[number];

export interface FileOptions {
  readonly kind: MadeKind;
  readonly format: MadeFormat;
  /** Same options, same bytes. Same seed, month, rows and version: same charges, in whatever kind and format. */
  readonly seed: string;
  /** `YYYY-MM`. */
  readonly month: string;
  readonly rows: number;
  /** From 1; every later version restates some amounts. */
  readonly version?: number;
  readonly lineEnd?: '\n' | '\r\n';
  readonly rowGroupRows?: number;
  readonly mapsAs?: 'map' | 'json';
  /** Of the entry in a zip. */
  readonly entryName?: string;
}

export interface FileSummary {
  readonly rows: number;
  /** Sum of the unblended (FOCUS: billed) cost, the shortest exact decimal. */
  readonly cost: string;
}

export interface MadeFile {
  /** Made anew, and the same, at every call; streamed, never held whole. */
  body(): AsyncIterable<Uint8Array>;
  /** What a loader must find in it; summed exactly, by making the charges once more. */
  expected(): FileSummary;
}

/** Little enough to hold as values, enough for parquet's dictionaries to be worth it. */
const defaultRowGroupRows = 20_000;

/** @throws AppError BAD_INPUT where AWS writes no such file */
export function makeFile(options: FileOptions): MadeFile {
  const month = monthOf(options.month);
  if (options.format === 'csv.zip' && options.kind !== 'cur-legacy')
    throw new AppError('BAD_INPUT', `${options.kind} is never zipped`);
  const { seed, rows, version = 1 } = options;
  const make = () => charges({ seed, month, rows, version });
  return {
    body: () => bodyOf(options, make()),
    expected: () => ({ rows, cost: decimalText(sumOf(make())) }),
  };
}

export function columnsOf(kind: MadeKind, format: MadeFormat): readonly Column[] {
  switch (kind) {
    case 'cur-legacy':
      return format === 'parquet' ? legacyParquetColumns : legacyCsvColumns;
    case 'cur2':
      return cur2Columns;
    case 'focus-1.0':
      return focus10Columns;
    case 'focus-1.2':
      return focus12Columns;
  }
}

async function* bodyOf(options: FileOptions, made: Iterable<Charge>): AsyncGenerator<Uint8Array> {
  const {
    kind,
    format,
    lineEnd = '\n',
    rowGroupRows = defaultRowGroupRows,
    mapsAs = 'map',
    entryName = 'bill.csv',
  } = options;
  const columns = columnsOf(kind, format);
  const csv = () => csvText({ columns, charges: made, lineEnd });
  switch (format) {
    case 'csv':
      return yield* csv();
    case 'csv.gz':
      return yield* through(csv(), createGzip());
    case 'csv.zip':
      return yield* zipOf([{ name: entryName, body: csv() }]);
    case 'parquet':
      return yield* parquetBytes({ columns, charges: made, rowGroupRows, isRequired: kind === 'cur-legacy', mapsAs });
  }
}

function sumOf(made: Iterable<Charge>): Amount {
  let sum = 0n;
  for (const { cost } of made) sum += cost;
  return sum;
}
