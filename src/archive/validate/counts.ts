/** What was looked at, and how closely. Every part is in exactly one of the numbers from `full` to `failed`. */
export interface ValidationCounts {
  /** Parts on record that should be in the bucket. */
  parts: number;
  /** In order, every byte and every row of it read and compared. */
  full: number;
  /** In order as far as a HEAD can tell: version, size, lock, encryption, metadata. Its content was not looked at. */
  head: number;
  /** As `head`, and in a class that has to be restored before anybody can read it. */
  cold: number;
  /** Gone after its retention was over, as it should be. */
  expired: number;
  /** Could not be looked at: nothing is known. */
  unchecked: number;
  /** Not in order. */
  failed: number;
  /** Rows and bytes of `full`. */
  fullRows: number;
  fullBytes: number;
  /** Bytes of all parts. */
  bytes: number;
  /** Parts that were proved and are not any more: nothing is purged on their word. */
  doubted: number;
  manifests: number;
  /** Of these, read back and equal to the last byte. */
  manifestsRead: number;
  /** Versions and markers that the bucket listed. */
  listed: number;
  /** Of these, those that the registry does not know, and their bytes. */
  unknown: number;
  unknownBytes: number;
}

export function noCounts(): ValidationCounts {
  return {
    parts: 0,
    full: 0,
    head: 0,
    cold: 0,
    expired: 0,
    unchecked: 0,
    failed: 0,
    fullRows: 0,
    fullBytes: 0,
    bytes: 0,
    doubted: 0,
    manifests: 0,
    manifestsRead: 0,
    listed: 0,
    unknown: 0,
    unknownBytes: 0,
  };
}
