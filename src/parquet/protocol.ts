import type { SourceColumn } from '../db/column-type.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import type { ParquetLimits } from './limits.ts';
import { toParquetError } from './problems.ts';
import type { CopyRequest } from './row-decoder.ts';
import type { ParquetSchema } from './schema.ts';
import { WiderTypeNeeded } from './wider-type.ts';

/** From the main thread; a file begins with `open`. `copyId` tells one copy's messages from those of the copy before it. */
export type ToDecoder =
  | { readonly kind: 'open'; readonly sizeBytes: number; readonly limits: ParquetLimits }
  | { readonly kind: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'copy'; readonly copyId: number; readonly request: CopyRequest }
  | { readonly kind: 'want'; readonly copyId: number; readonly chunks: number }
  | { readonly kind: 'stop'; readonly copyId: number };

/** From the decoder's thread. */
export type FromDecoder =
  | { readonly kind: 'read'; readonly id: number; readonly start: number; readonly end: number }
  | {
      readonly kind: 'opened';
      readonly columns: readonly SourceColumn[];
      readonly schema: ParquetSchema;
      readonly keyValues: ReadonlyMap<string, string>;
      readonly rowCount: number;
    }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'chunk'; readonly copyId: number; readonly buffer: ArrayBuffer; readonly length: number }
  | { readonly kind: 'copied'; readonly copyId: number }
  | { readonly kind: 'copy-failed'; readonly copyId: number; readonly failure: Failure };

/** An error on its way between threads, where classes don't survive. */
export type Failure =
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'wider'; readonly column: string; readonly message: string };

export function toFailure(error: unknown): Failure {
  const known = toParquetError(error);
  if (known instanceof WiderTypeNeeded) {
    return { kind: 'wider', column: known.column, message: known.message };
  }
  return { kind: 'error', code: known.code, message: known.message };
}

export function fromFailure(failure: Failure): AppError | WiderTypeNeeded {
  if (failure.kind === 'wider') return new WiderTypeNeeded(failure.column, failure.message);
  return new AppError(failure.code, failure.message);
}
