import { writeInt64 } from './integer.ts';
import { writeLimbs } from './limbs.ts';
import { ascii, type ParseField } from './parse-field.ts';

const exactDigits = 15;

/** The widths that parquet's decimals come in, by precision. */
export function decimalWords(precision: number): 1 | 2 | 4 {
  if (precision <= 9) return 1;
  return precision <= 18 ? 2 : 4;
}

/** numeric(precision, scale) as PostgreSQL prints it: always all digits after the point, no more before it than there are. */
export function parseDecimal(precision: number, scale: number): ParseField {
  const wordCount = decimalWords(precision);
  return (bytes, start, end, words, at) => {
    const isNegative = bytes[start] === ascii.minus;
    const from = isNegative ? start + 1 : start;
    const point = scale === 0 ? end : end - scale - 1;
    if (point <= from || (scale > 0 && bytes[point] !== ascii.point)) return false;
    if (bytes[from] === ascii.zero && point - from > 1) return false;
    const digits = end - from - (scale > 0 ? 1 : 0);
    // the zero before the point is none of the precision's digits
    if (digits - (bytes[from] === ascii.zero ? 1 : 0) > precision) return false;
    if (digits > exactDigits) return writeWide({ bytes, from, to: end, point, isNegative }, words, at, wordCount);
    const unscaled = digitsBefore(bytes, from, end, point);
    if (Number.isNaN(unscaled) || (unscaled === 0 && isNegative)) return false;
    const value = isNegative ? -unscaled : unscaled;
    if (wordCount === 1) words[at] = value;
    else if (wordCount === 2) writeInt64(value, words, at);
    else writeInt128(value, words, at);
    return true;
  };
}

function digitsBefore(bytes: Uint8Array, from: number, end: number, point: number): number {
  let value = 0;
  for (let i = from; i < end; i++) {
    if (i === point) continue;
    const digit = (bytes[i] as number) - ascii.zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function writeInt128(value: number, words: Int32Array, at: number): void {
  writeInt64(value, words, at);
  const sign = value < 0 ? -1 : 0;
  words[at + 2] = sign;
  words[at + 3] = sign;
  toBigEndian(words, at);
}

function writeWide(run: Parameters<typeof writeLimbs>[0], words: Int32Array, at: number, wordCount: number): boolean {
  if (wordCount === 1 || !writeLimbs(run, words, at, wordCount)) return false;
  if (wordCount === 4) toBigEndian(words, at);
  return true;
}

/** Decimals in a fixed number of bytes have the highest byte first. */
function toBigEndian(words: Int32Array, at: number): void {
  const [a, b, c, d] = [words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number];
  words[at] = swapped(d);
  words[at + 1] = swapped(c);
  words[at + 2] = swapped(b);
  words[at + 3] = swapped(a);
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
