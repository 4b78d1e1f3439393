import { writeLimbs } from './limbs.ts';
import { ascii, type ParseField } from './parse-field.ts';

/** As many digits are exact in a double. */
const exactDigits = 15;
const maxInt64Digits = 19;

export const parseInt2 = boundedInt32(-(2 ** 15), 2 ** 15 - 1);
export const parseInt4 = boundedInt32(-(2 ** 31), 2 ** 31 - 1);

function boundedInt32(least: number, greatest: number): ParseField {
  return (bytes, start, end, words, at) => {
    const value = wholeNumber(bytes, start, end);
    if (!(value >= least && value <= greatest)) return false;
    words[at] = value;
    return true;
  };
}

export const parseInt8: ParseField = (bytes, start, end, words, at) => {
  const value = wholeNumber(bytes, start, end);
  if (!Number.isNaN(value)) {
    writeInt64(value, words, at);
    return true;
  }
  const isNegative = bytes[start] === ascii.minus;
  const from = isNegative ? start + 1 : start;
  if (end - from <= exactDigits || end - from > maxInt64Digits || bytes[from] === ascii.zero) return false;
  return writeLimbs({ bytes, from, to: end, point: end, isNegative }, words, at, 2);
};

/** NaN for what is not the one spelling of a whole number of up to 15 digits. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start];
  const from = first === ascii.minus ? start + 1 : start;
  const digits = end - from;
  if (digits < 1 || digits > exactDigits) return Number.NaN;
  if (bytes[from] === ascii.zero) return digits === 1 && from === start ? 0 : Number.NaN;
  let value = 0;
  for (let i = from; i < end; i++) {
    const digit = (bytes[i] as number) - ascii.zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return from === start ? value : -value;
}

/** Two's complement in two words; the value is a whole number within ±2^53. */
export function writeInt64(value: number, words: Int32Array, at: number): void {
  words[at] = value;
  words[at + 1] = Math.floor(value / 2 ** 32);
}
