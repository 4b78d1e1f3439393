import { MemoryBudget } from '../../memory-budget.ts';
import { writeDouble, writeFloat4 } from '../../number-text.ts';
import { TextSink } from '../../text-sink.ts';
import { ascii, type ParseField } from './parse-field.ts';

const scratch = new DataView(new ArrayBuffer(8));
const printed = new TextSink(new MemoryBudget(2 ** 20));

/** Longest text of a double, with room: `-2.2250738585072014e-308`. */
const maxTextBytes = 32;

/** Any two decimals of up to 15 digits are different doubles, so their digits are the shortest of theirs. */
const exactDigits = 15;

/** Below it PostgreSQL prints an exponent. */
const fixedFrom = 1e-4;

export const parseFloat8: ParseField = (bytes, start, end, words, at) => {
  let value = plainDecimal(bytes, start, end);
  if (Number.isNaN(value)) {
    value = Number(textOf(bytes, start, end));
    printed.reset();
    writeDouble(value, printed);
    if (!isPrinted(bytes, start, end)) return false;
  }
  scratch.setFloat64(0, value, true);
  words[at] = scratch.getInt32(0, true);
  words[at + 1] = scratch.getInt32(4, true);
  return true;
};

export const parseFloat4: ParseField = (bytes, start, end, words, at) => {
  const value = Math.fround(Number(textOf(bytes, start, end)));
  printed.reset();
  writeFloat4(value, printed);
  if (!isPrinted(bytes, start, end)) return false;
  scratch.setFloat32(0, value, true);
  words[at] = scratch.getInt32(0, true);
  return true;
};

function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > maxTextBytes) return '';
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** The proof that the value comes back as it was spelled: it is printed here as the reader will. */
function isPrinted(bytes: Uint8Array, start: number, end: number): boolean {
  if (printed.length !== end - start) return false;
  for (let i = 0; i < printed.length; i++) if (printed.bytes[i] !== bytes[start + i]) return false;
  return true;
}

/**
 * The double of a plain decimal such as `-12.345` that is spelled as PostgreSQL does; NaN for every other text. Digits and
 * power of ten are exact, so their quotient is the nearest double.
 */
function plainDecimal(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === ascii.minus;
  const from = isNegative ? start + 1 : start;
  if (end - from < 1 || end - from > exactDigits) return Number.NaN;
  let digits = 0;
  let unit = 0;
  for (let i = from; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === ascii.point && unit === 0 && i > from) {
      unit = 1;
      continue;
    }
    const digit = byte - ascii.zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    digits = digits * 10 + digit;
    unit *= 10;
  }
  const second = bytes[from + 1];
  if (bytes[from] === ascii.zero && end - from > 1 && second !== ascii.point) return Number.NaN;
  if (unit === 1 || (unit > 1 && bytes[end - 1] === ascii.zero)) return Number.NaN;
  const size = unit === 0 ? digits : digits / unit;
  if (unit > 0 && size < fixedFrom) return Number.NaN;
  return isNegative ? -size : size;
}
