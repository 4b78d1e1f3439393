import { createHash } from 'node:crypto';

/** A stream of numbers that a seed alone determines, on every machine and in every version. */
export interface Random {
  /** An unsigned 32-bit integer. */
  next(): number;
  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number;
}

/** Mulberry32: four operations a number, and no worse than made-up bills need. */
export function randomFrom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  // The high bits by multiplication: no division, no bias that matters at 32 bits. The product stays below 2^53 for
  // limits up to 2^21.
  return { next, below: (limit) => Math.floor((next() * limit) / 0x1_0000_0000) };
}

/** A UUID (version 4 by its form) that a seed determines. */
export function uuidFrom(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
