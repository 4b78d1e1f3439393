import { ascii } from './parse-field.ts';

/** Digits taken in at once: 2^32 × 10^6 is still exact in a double. */
const stepDigits = 6;

export interface DigitRun {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Position of a point within, which is passed over; `to` where there is none. */
  readonly point: number;
  readonly isNegative: boolean;
}

const limbs = new Float64Array(4);

/**
 * Digits beyond the 15 that a double holds, as two's complement in `wordCount` (2 or 4) words, lowest first. False for
 * another character than a digit, and where the words do not hold the value.
 */
export function writeLimbs(run: DigitRun, words: Int32Array, at: number, wordCount: number): boolean {
  const { bytes, from, to, point, isNegative } = run;
  limbs.fill(0);
  let step = 0;
  let scale = 1;
  let digits = 0;
  for (let i = from; i < to; i++) {
    if (i === point) continue;
    const digit = (bytes[i] as number) - ascii.zero;
    if (digit < 0 || digit > 9) return false;
    step = step * 10 + digit;
    scale *= 10;
    if (++digits % stepDigits === 0) {
      if (!addStep(scale, step, wordCount)) return false;
      step = 0;
      scale = 1;
    }
  }
  if (scale > 1 && !addStep(scale, step, wordCount)) return false;
  return writeSigned(isNegative, words, at, wordCount);
}

/** limbs × scale + step; false when it overflows. */
function addStep(scale: number, step: number, wordCount: number): boolean {
  let carry = step;
  for (let i = 0; i < wordCount; i++) {
    const sum = (limbs[i] as number) * scale + carry;
    carry = Math.floor(sum / 2 ** 32);
    limbs[i] = sum - carry * 2 ** 32;
  }
  return carry === 0;
}

function writeSigned(isNegative: boolean, words: Int32Array, at: number, wordCount: number): boolean {
  let carry = 1;
  for (let i = 0; i < wordCount; i++) {
    const limb = limbs[i] as number;
    if (!isNegative) {
      words[at + i] = limb;
      continue;
    }
    const sum = 2 ** 32 - 1 - limb + carry;
    carry = sum >= 2 ** 32 ? 1 : 0;
    words[at + i] = sum;
  }
  const top = words[at + wordCount - 1] as number;
  return isNegative ? top < 0 : top >= 0;
}
