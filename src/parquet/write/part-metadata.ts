/** Keys of the footer that the writer sets: what a reader needs to print the lines again. */
export const metadataKeys = {
  /** JSON: the part's WriterColumns, in order. */
  columns: 'billvault.columns',
  /** JSON object: column to the column that holds the texts which it could not; only where there are any. */
  spills: 'billvault.spills',
} as const;

export const createdBy = 'billvault';
