import type { ErrorCode } from '../../errors.ts';
import type { Month } from '../month.ts';
import type { SourceTable } from '../policy/assign-tables.ts';

/** What a plan has to know of a table, as its source database says it. */
export interface TableFacts extends SourceTable {
  readonly definitionSha256: string;
  /** Whether the policy's time column is there; of a monthly policy. */
  readonly hasTimeColumn: boolean;
  /** Names of all its columns. */
  readonly columns: readonly string[];
  /** Whether an index begins with it. */
  readonly hasTimeIndex: boolean;
  readonly hasPrimaryKey: boolean;
  /** With its indexes, and its partitions if it has any. */
  readonly sizeBytes: number;
  /** Months in which there are rows, each once; those that are not due yet may be missing. */
  readonly months: readonly MonthRows[];
  /** The last month with rows, where that is known without counting: a month that is not due is then in the plan, too. */
  readonly newestMonth?: Month | undefined;
  /** Rows that belong to no month: without a time, and with one before the year 1, after 9999 or infinite. */
  readonly nullTimeRows: number;
  readonly infiniteTimeRows: number;
}

/** A table of which nothing could be learned, and why. */
export interface UnreadableTable extends SourceTable {
  readonly error: ErrorCode;
  readonly message: string;
}

export interface MonthRows {
  readonly month: Month;
  readonly rows: number;
}
