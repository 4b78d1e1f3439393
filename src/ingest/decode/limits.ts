/** What a file may ask of us while it is decoded. Every limit is a refusal with a code, never a crash. */
export interface DecodeLimits {
  /** Bytes that one object may expand to: several times the largest billing files seen (35 GB). */
  readonly maxExpandedBytes: number;
  /** Bytes out for a byte in. Billing CSV compresses 10 to 40 times; a bomb does so 1,000 times. */
  readonly maxExpansionRatio: number;
  /** Output below which the ratio isn't looked at: small files of equal rows compress beyond any ratio. */
  readonly expansionFreeBytes: number;
  /** Entries of one zip; AWS makes one or a few. */
  readonly maxZipEntries: number;
  /** A header record. 10,000 tag columns of 200 bytes are 2 MB. */
  readonly maxHeaderBytes: number;
  /** Columns of a header: above the 10,000 that an account full of tags may have. */
  readonly maxColumns: number;
  /** One record: far above any billing row, far below what PostgreSQL (1 GB) and our buffers could not hold. */
  readonly maxRowBytes: number;
}

export const defaultLimits: DecodeLimits = {
  maxExpandedBytes: 256 * 1024 ** 3,
  maxExpansionRatio: 250,
  expansionFreeBytes: 64 * 1024 ** 2,
  maxZipEntries: 1_000,
  maxHeaderBytes: 4 * 1024 ** 2,
  maxColumns: 20_000,
  maxRowBytes: 16 * 1024 ** 2,
};
