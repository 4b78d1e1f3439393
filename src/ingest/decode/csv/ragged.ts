import { AppError } from '../../../errors.ts';
import type { RowPlace } from './row-places.ts';

/** What PostgreSQL says of a COPY that it refused (fields of pg's DatabaseError). */
export interface CopyError {
  /** SQLSTATE. */
  readonly code?: string | undefined;
  readonly message: string;
  /** CONTEXT: `COPY t, line 3: "2,a"` or `COPY t, line 3, column c: "a"`. */
  readonly where?: string | undefined;
}

export interface CopiedFile {
  /** What messages call the file where a row's place isn't known. */
  readonly name: string;
  /** The columns' names as the header writes them. */
  readonly columns: readonly string[];
  /** The same columns as COPY was told them, without `_row`. */
  readonly copyColumns: readonly string[];
  placeOf(row: number): RowPlace | undefined;
}

/**
 * Says in terms of the file what COPY said in terms of its input.
 * @returns undefined for an error that is not about the file's content
 */
export function explainCopyError(error: CopyError, file: CopiedFile): AppError | undefined {
  const at = placeName(error, file);
  switch (error.code) {
    case '22P04': // bad_copy_file_format
      return badFormat(error, file, at);
    case '22021': // character_not_in_repertoire
    case '22P05': // untranslatable_character
      return new AppError('TEXT_INVALID', `${at}: ${error.message}`, { cause: error });
    case '54000': // program_limit_exceeded: a row's values, even stored out of line, must fit a page
      return new AppError('ROW_TOO_LONG', `${at}: ${error.message}`, { cause: error });
    default:
      return undefined;
  }
}

/** A row with fewer or more cells than the header has columns. */
export function raggedRow(at: string, cells: number, columns: readonly string[], cause?: unknown): AppError {
  const first = JSON.stringify(columns[cells]);
  const missing = cells < columns.length ? ` (the first without a value: ${first})` : '';
  const text = `has ${count(cells)}, the header names ${columns.length}${missing}`;
  return new AppError('CSV_RAGGED', `${at} ${text}`, { cause });
}

function badFormat(error: CopyError, file: CopiedFile, at: string): AppError {
  const missing = missingColumn(error.message, file.copyColumns);
  if (missing !== undefined) return raggedRow(at, missing, file.columns, error);
  if (/extra data/.test(error.message)) {
    const text = `has more than ${count(file.columns.length)}, the number of columns that the header names`;
    return new AppError('CSV_RAGGED', `${at} ${text}`, { cause: error });
  }
  return new AppError('CSV_INVALID', `${at}: ${error.message}`, { cause: error });
}

/** Which column `missing data for column "…"` is about: as many cells as columns before it were there. */
function missingColumn(message: string, copyColumns: readonly string[]): number | undefined {
  const name = /^missing data for column "(.*)"$/s.exec(message)?.[1];
  const index = name === undefined ? -1 : copyColumns.indexOf(name);
  return index < 0 ? undefined : index;
}

/**
 * Where the row is that an error is about. The context quotes the line when COPY could not split it, and its first cell
 * is the row. An error of storing it comes up to 1,000 rows later (copyfrom.c, MAX_BUFFERED_TUPLES) with the number of
 * the line read last, which is the row's when no cell before it holds a line end.
 */
function placeName(error: CopyError, file: CopiedFile): string {
  const context = /, line (\d+)(?:: "(\d+),)?/.exec(error.where ?? '');
  if (context === null) return file.name;
  const [, line, row] = context;
  const place = file.placeOf(Number(row ?? line));
  if (row === undefined) return place ? `${place.part}, at or before line ${place.line}` : file.name;
  return place ? `${place.part}, line ${place.line}` : `${file.name}, row ${row}`;
}

function count(cells: number): string {
  return cells === 1 ? '1 cell' : `${cells} cells`;
}
