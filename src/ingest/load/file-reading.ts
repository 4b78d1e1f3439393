import type { SourceColumn } from '../../db/column-type.ts';
import type { RowSource } from '../../raw/load-file.ts';
import type { KnownColumn } from '../../raw/plan-columns.ts';

/** An object that is being read: its header is known, its rows are not read yet. */
export interface FileReading {
  readonly header: readonly SourceColumn[];
  /** The rows for COPY, once it is known where each column of the header goes. To be called once. */
  rows(placed: readonly KnownColumn[]): RowSource;
  /** What PostgreSQL's refusal means in terms of the file; undefined where it is not about the file. */
  explain(error: unknown, placed: readonly KnownColumn[]): unknown;
  /** Lets go of everything; harmless when called twice. */
  close(): Promise<void>;
}

/** What is to be read, and how far a hostile one may go. */
export interface ObjectToLoad {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  readonly expansion: { readonly maxExpandedBytes: number; readonly maxExpansionRatio: number };
  /** Columns to be read as text although their type promises something narrower. */
  readonly asText: ReadonlySet<string>;
}
