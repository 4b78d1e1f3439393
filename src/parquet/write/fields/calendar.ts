import { writeInt64 } from './integer.ts';
import { ascii, type ParseField } from './parse-field.ts';

const dateLength = '2024-01-31'.length;
const clockLength = ' 23:59:59'.length;
const maxFractionDigits = 6;

/** `2024-01-31`: years 0001 to 9999. Infinities, BC and later years are not of this form. */
export const parseDate: ParseField = (bytes, start, end, words, at) => {
  if (end - start !== dateLength) return false;
  const day = dayAt(bytes, start);
  if (Number.isNaN(day)) return false;
  words[at] = day;
  return true;
};

/** `2024-01-31 23:59:59.123456`, the fraction without zeros at its end. */
export const parseTimestamp: ParseField = (bytes, start, end, words, at) => {
  const seconds = secondsAt(bytes, start, end);
  if (Number.isNaN(seconds)) return false;
  writeMicros(seconds, words, at);
  return true;
};

/** The same with `+00`: the session's time zone is UTC. */
export const parseTimestamptz: ParseField = (bytes, start, end, words, at) => {
  const zone = end - 3;
  if (bytes[zone] !== ascii.plus || bytes[zone + 1] !== ascii.zero || bytes[zone + 2] !== ascii.zero) return false;
  return parseTimestamp(bytes, start, zone, words, at);
};

const secondsADay = 86_400;

/** What of a timestamp's microseconds is beyond its seconds; beside the seconds because both together may exceed 2^53. */
let microsOfSecond = 0;

/** Seconds since 1970, the fraction in `microsOfSecond`; NaN for another form. */
function secondsAt(bytes: Uint8Array, start: number, end: number): number {
  const clock = start + dateLength;
  const clockEnd = clock + clockLength;
  if (end < clockEnd || bytes[clock] !== ascii.space) return Number.NaN;
  const hour = twoDigits(bytes, clock + 1);
  const minute = twoDigits(bytes, clock + 4);
  const second = twoDigits(bytes, clock + 7);
  if (bytes[clock + 3] !== ascii.colon || bytes[clock + 6] !== ascii.colon) return Number.NaN;
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  microsOfSecond = fractionAt(bytes, clockEnd, end);
  if (microsOfSecond < 0) return Number.NaN;
  return dayAt(bytes, start) * secondsADay + hour * 3600 + minute * 60 + second;
}

function writeMicros(seconds: number, words: Int32Array, at: number): void {
  const micros = seconds * 1_000_000 + microsOfSecond;
  if (Number.isSafeInteger(micros)) {
    writeInt64(micros, words, at);
    return;
  }
  const exact = BigInt(seconds) * 1_000_000n + BigInt(microsOfSecond);
  words[at] = Number(BigInt.asIntN(32, exact));
  words[at + 1] = Number(exact >> 32n);
}

/** Microseconds of `.5`, `.000001` or nothing; -1 for another form. */
function fractionAt(bytes: Uint8Array, from: number, end: number): number {
  if (from === end) return 0;
  const digits = end - from - 1;
  if (bytes[from] !== ascii.point || digits < 1 || digits > maxFractionDigits) return -1;
  if (bytes[end - 1] === ascii.zero) return -1;
  let value = 0;
  for (let i = from + 1; i < end; i++) {
    const digit = (bytes[i] as number) - ascii.zero;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  for (let i = digits; i < maxFractionDigits; i++) value *= 10;
  return value;
}

/** NaN when they are no digits. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ascii.zero;
  const ones = (bytes[at + 1] as number) - ascii.zero;
  if (!(tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return Number.NaN;
  return tens * 10 + ones;
}

const daysOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days from 1970-01-01 to the date at `at`; NaN for what is no date of the calendar. */
function dayAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 4] !== ascii.minus || bytes[at + 7] !== ascii.minus) return Number.NaN;
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const dayOfMonth = twoDigits(bytes, at + 8);
  if (!(year >= 1 && month >= 1 && month <= 12 && dayOfMonth >= 1)) return Number.NaN;
  if (dayOfMonth > (daysOfMonths[month - 1] as number)) return Number.NaN;
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2 && dayOfMonth === 29 && !isLeapYear) return Number.NaN;
  return daysFromCivil(year, month, dayOfMonth);
}

/** Proleptic Gregorian; years are counted from March, so that a leap day is the last of its year. */
function daysFromCivil(year: number, month: number, dayOfMonth: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
