import { AppError } from '../errors.ts';
import { WiderTypeNeeded } from './wider-type.ts';

/** What is wrong with one value, before anyone knows its column and row; the column reader adds those. */
export class ValueProblem extends Error {
  readonly kind: 'wider' | 'text' | 'invalid';
  /** Its place in the batch that was being read. */
  valueIndex = 0;

  constructor(kind: 'wider' | 'text' | 'invalid', message: string) {
    super(message);
    this.name = 'ValueProblem';
    this.kind = kind;
  }
}

export function invalid(message: string): AppError {
  return new AppError('PARQUET_INVALID', `parquet file is damaged: ${message}`);
}

export function unsupported(message: string): AppError {
  return new AppError('PARQUET_UNSUPPORTED', `parquet file uses what is not supported: ${message}`);
}

export function expandsTooMuch(message: string): AppError {
  return new AppError('EXPANDS_TOO_MUCH', `parquet file is above a limit: ${message}`);
}

/** Reading outside a buffer is what damaged lengths end in; everything else nobody foresaw. */
export function toParquetError(error: unknown): AppError | WiderTypeNeeded {
  if (error instanceof AppError || error instanceof WiderTypeNeeded) return error;
  if (error instanceof RangeError) {
    return new AppError('PARQUET_INVALID', `parquet file is damaged: ${error.message}`, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new AppError('DECODER_CRASHED', `parquet decoder failed: ${text}`, { cause: error });
}
