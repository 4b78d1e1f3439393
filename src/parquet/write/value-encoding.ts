import type { Encoding } from 'hyparquet';

/** The values of one page, in their encoding; nulls are not among them. */
export interface ValuePage {
  readonly valueCount: number;
  readonly bytes: Uint8Array;
}

/** One way to store a column chunk's values. */
export interface ValueEncoding {
  readonly encoding: Extract<Encoding, 'PLAIN' | 'RLE_DICTIONARY' | 'DELTA_BINARY_PACKED'>;
  /** The distinct values, in PLAIN. */
  readonly dictionary?: ValuePage | undefined;
  readonly pages: readonly ValuePage[];
}

/** Least and greatest value of a column chunk, for readers that skip row groups. */
export interface Bounds {
  readonly least: number | bigint | Uint8Array;
  readonly greatest: number | bigint | Uint8Array;
}

/** The values of one column in the row group at hand, nulls left out. */
export interface ColumnValues {
  readonly count: number;

  /**
   * Appends the value of one field that is not null. False where it would not come back exactly as it is spelled; then
   * nothing is appended.
   * @throws NotCanonical
   */
  take(bytes: Uint8Array, start: number, end: number): boolean;

  /** The encodings that suit, the ones that are the easier to read first. Good until the next `take`. */
  encodings(): readonly ValueEncoding[];

  bounds(): Bounds | undefined;

  /** Empties it for the next row group. */
  reset(): void;
}
