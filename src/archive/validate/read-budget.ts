/**
 * A GET sets Intelligent-Tiering's clock of an object back to the beginning, and costs a retrieval in GLACIER_IR: run once
 * a day, this share has every part read about once a year, while it stays in the cheaper tiers for most of it.
 */
const sampleShare = 1 / 365;
/** Whatever the share is: what one routine check may read. A part that is larger alone is read alone. */
const maxSampleBytes = 4 * 1024 * 1024 * 1024;

/** How much a validation may still read. */
export interface ReadBudget {
  /** Whether a part of this size may be read now; if so it is counted. */
  take(sizeBytes: number): boolean;
}

export function readBudget(level: 'head' | 'sample' | 'full', parts: number): ReadBudget {
  if (level === 'full') return { take: () => true };
  let partsLeft = level === 'head' ? 0 : Math.ceil(parts * sampleShare);
  let bytesLeft = maxSampleBytes;
  let isFirst = true;
  return {
    take(sizeBytes) {
      if (partsLeft === 0 || (!isFirst && sizeBytes > bytesLeft)) return false;
      isFirst = false;
      partsLeft--;
      bytesLeft -= sizeBytes;
      return true;
    },
  };
}
