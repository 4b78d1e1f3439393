import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { AppError } from '../../../errors.ts';
import { throwIfCancelled } from '../cancel.ts';

/** A cell as PostgreSQL reads it: unquoted and empty is null, `""` is the empty string. */
export type Cell = string | null;
export type Row = readonly Cell[];

export interface CellOptions {
  /** What messages call the text. */
  readonly name: string;
  readonly maxRowBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** A batch ends after so many rows, or characters when rows are long: enough that a batch's own cost vanishes. */
const batchRows = 256;
const batchCharacters = 2 * 1024 * 1024;

/**
 * Parses CSV with csv-parse, in batches. A blank line comes out as one null. What csv-parse would take and PostgreSQL
 * refuses (a lone carriage return outside quotes) is refused; what csv-parse refuses by itself (quotes inside an
 * unquoted cell, text after a closing quote) is refused by `RecordScanner` as well.
 * @throws AppError CSV_INVALID, ROW_TOO_LONG, CANCELLED, and whatever the source throws
 */
export async function* parseCells(
  source: AsyncIterable<Uint8Array>,
  options: CellOptions,
): AsyncGenerator<readonly Row[], void> {
  let characters = 0;
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: options.maxRowBytes,
    cast: (value, { quoting, lines }): Cell => {
      characters += value.length;
      if (quoting) return value;
      if (value.includes('\r'))
        throw invalid(options.name, `lone carriage return in the record that ends on line ${lines}`);
      return value === '' ? null : value;
    },
  });
  // a failure of the source destroys the parser with it and is thrown from the loop
  pipeline(source, parser, { ...(options.signal && { signal: options.signal }) }).catch(() => {});
  try {
    let batch: Row[] = [];
    for await (const row of parser as AsyncIterable<Row>) {
      batch.push(row);
      if (batch.length < batchRows && characters < batchCharacters) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
    if (batch.length > 0) yield batch;
  } catch (error) {
    throwIfCancelled(options.signal);
    throw asCsvError(options.name, error);
  }
}

function asCsvError(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'AppError' || !('code' in error)) return error;
  const { code } = error;
  if (code === 'CSV_MAX_RECORD_SIZE')
    return new AppError('ROW_TOO_LONG', `${name}: ${error.message}`, { cause: error });
  if (typeof code !== 'string' || !/^CSV_|_QUOTE$/.test(code)) return error;
  return invalid(name, error.message, error);
}

function invalid(name: string, text: string, cause?: unknown): AppError {
  return new AppError('CSV_INVALID', `${name}: ${text}`, { cause });
}
