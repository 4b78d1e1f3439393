/** The texts of one column for a batch of rows: row i's is `bytes[starts[i], starts[i] + lengths[i])`. */
export interface Cells {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  /** `nullLength` for NULL. */
  readonly lengths: Int32Array;
}

export const nullLength = -1;

/** One column of one row group, read from front to back in batches that the caller chooses. */
export interface ColumnReader {
  /** Rows, up to `max`, that `fill` can give at once; 0 when `load` has to read first. */
  ready(max: number): number;

  /** Reads on until at least one row is ready, or there is none left. */
  load(): Promise<void>;

  /**
   * The next `count` rows, no more than are ready. The answer is good until the next call.
   * @throws AppError TEXT_INVALID, PARQUET_INVALID; WiderTypeNeeded
   */
  fill(count: number): Cells;

  /** Whether pages are left that hold more rows. */
  readonly isAtEnd: boolean;

  close(): void;
}

/** How a column's text is wanted. */
export interface ColumnForm {
  readonly name: string;
  /** Exact text instead of the text of the column's own type. */
  readonly asText: boolean;
  /** Text as the server printed it that the file was written from. */
  readonly isPrinted: boolean;
  /** As a field of COPY's text format; otherwise raw. */
  readonly isEscaped: boolean;
  /** Most rows of one batch. */
  readonly maxRows: number;
  /** Number, from 1, of the first row, for messages. */
  readonly firstRow: number;
}
