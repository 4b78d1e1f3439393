const mebibyte = 2 ** 20;

/** What a parquet file may ask of us. Files of real writers stay far below; a file above is refused with a clear code. */
export interface ParquetLimits {
  /** Footer as it lies in the file; AWS's footers take about 30 KB a row group of 120 columns. */
  readonly maxFooterBytes: number;
  /** Thrift values in the footer: bounds the objects that its parser makes (about 40 a column chunk). */
  readonly maxFooterValues: number;
  /** Leaf columns. */
  readonly maxColumns: number;
  /** Groups within groups; also bounds every recursion over the schema. */
  readonly maxSchemaDepth: number;
  readonly maxRowGroups: number;
  readonly maxRows: number;
  /** A page header with the longest statistics that writers leave in it. */
  readonly maxPageHeaderBytes: number;
  /** One page, uncompressed. DuckDB writes pages of up to 100 MB, the others 1 MB. */
  readonly maxPageBytes: number;
  readonly maxPageValues: number;
  readonly maxDictionaryEntries: number;
  /** Everything decompressed or rendered that lives at one moment: one page and one dictionary a column. */
  readonly maxLiveBytes: number;
  /** One range asked of the byte source. A row group above it is read in windows, column by column. */
  readonly maxRangeBytes: number;
  /** The next row group is read ahead only while both together stay below this. */
  readonly maxReadAheadBytes: number;
  /** One line of COPY text; PostgreSQL itself takes no line of 1 GB. */
  readonly maxRowBytes: number;
  /** Everything made of one file: its pages uncompressed, and its rows as text. */
  readonly maxExpandedBytes: number;
  /**
   * The same for a byte of the file. A real report of 2018 comes to 80, and a thousand empty columns, which cost a parquet
   * nothing and a row three bytes each, to ten times as much; a hundred bytes can claim two billion rows.
   */
  readonly maxExpansionRatio: number;
  /** Below this the ratio isn't looked at: small files of equal rows are beyond any. */
  readonly expansionFreeBytes: number;
}

export const defaultLimits: ParquetLimits = {
  maxFooterBytes: 32 * mebibyte,
  maxFooterValues: 4_000_000,
  maxColumns: 20_000,
  maxSchemaDepth: 32,
  maxRowGroups: 100_000,
  maxRows: 2 ** 31 - 1,
  maxPageHeaderBytes: 8 * mebibyte,
  maxPageBytes: 256 * mebibyte,
  maxPageValues: 2 ** 25,
  maxDictionaryEntries: 2 ** 23,
  maxLiveBytes: 448 * mebibyte,
  maxRangeBytes: 192 * mebibyte,
  maxReadAheadBytes: 96 * mebibyte,
  maxRowBytes: 256 * mebibyte,
  maxExpandedBytes: 2 ** 40,
  maxExpansionRatio: 2_000,
  expansionFreeBytes: 64 * mebibyte,
};
