const mebibyte = 2 ** 20;

/** Rows of a row group: as DuckDB writes them, so that readers find the sizes that they are made for. */
export const maxGroupRows = 122_880;

/** Text of a row group, which bounds the memory of writing and of reading one. */
export const maxGroupTextBytes = 16 * mebibyte;

/**
 * One line. Reading it back holds its pages and, where it needs escapes, twice as much text: 64 MiB stay well within what the
 * decoder may hold, and what cannot be read back is not written.
 */
export const maxLineBytes = 64 * mebibyte;

/** Values of a page before compression: small enough to hold one a column, large enough to compress well. */
export const maxPageBytes = mebibyte;

/** Values of a dictionary; parquet's own writers stop there too, because readers hold it whole. */
export const maxDictionaryBytes = mebibyte;

export const maxDictionaryEntries = 65_536;

/** Below this many entries a dictionary is worth a try, above only if values repeat at least once on average. */
export const trialDictionaryEntries = 8_192;

/** PostgreSQL's tables have at most 1,600 columns. */
export const maxColumns = 1_600;
