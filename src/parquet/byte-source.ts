/**
 * Where the bytes of one parquet file come from. Asked for the footer first, then for ranges in ascending order: one a row
 * group, as long as none is above `maxRangeBytes`.
 */
export interface ByteSource {
  readonly sizeBytes: number;

  /**
   * Exactly the bytes from `start` up to, not including, `end`. They are handed over: where the array fills its whole
   * ArrayBuffer, that buffer moves to the decoder's thread and is unusable here afterwards.
   * @throws AppError, which ends the reading with that error
   */
  read(start: number, end: number): Promise<Uint8Array>;
}
