import type { TimeUnit } from './leaf-type.ts';
import { writeFraction } from './number-text.ts';
import { ValueProblem } from './problems.ts';
import type { TextSink } from './text-sink.ts';

const secondsADay = 86_400;

/** Fractions of a second in one unit's second, and its digits. */
const units = {
  millis: { perSecond: 1_000, digits: 3 },
  micros: { perSecond: 1_000_000, digits: 6 },
  nanos: { perSecond: 1_000_000_000, digits: 9 },
} as const satisfies Record<TimeUnit, { perSecond: number; digits: number }>;

/**
 * What PostgreSQL's types reach, in days since 1970-01-01 (its source, datatype/timestamp.h): from 4714-11-24 BC, up to but
 * not including 5874898-01-01 for a date, 294277-01-01 for a timestamp.
 */
const firstDay = -2_440_588;
const endOfDates = 2_145_042_906;
const endOfTimestamps = 106_762_940;

/** Whether a value is for a typed column, which has bounds, or for a text one, which has none. */
export type Bounds = 'bounded' | 'unbounded';

export function writeDate(day: number, bounds: Bounds, sink: TextSink): void {
  if (bounds === 'bounded' && (day < firstDay || day >= endOfDates)) {
    throw new ValueProblem('wider', `day ${day} since 1970 is outside the range of date`);
  }
  const { year, month, dayOfMonth } = civil(day);
  writeYearMonthDay(year, month, dayOfMonth, sink);
  if (year <= 0) sink.ascii(' BC');
}

interface Timestamp {
  readonly day: number;
  /** Within the day. */
  readonly second: number;
  /** Of a second, with `digits` digits. */
  readonly fraction: number;
  readonly digits: number;
}

export interface TimestampForm {
  readonly isUtc: boolean;
  readonly bounds: Bounds;
}

/** `2024-01-31 23:59:59.5+00`, as PostgreSQL prints it in UTC; with all its digits where the form is unbounded. */
export function writeTimestamp(
  { day, second, fraction, digits }: Timestamp,
  form: TimestampForm,
  sink: TextSink,
): void {
  if (form.bounds === 'bounded') {
    if (digits === 9 && fraction % 1_000 !== 0) throw new ValueProblem('wider', 'a timestamp has nanoseconds');
    if (day < firstDay || day >= endOfTimestamps) {
      throw new ValueProblem('wider', `day ${day} since 1970 is outside the range of timestamp`);
    }
  }
  const { year, month, dayOfMonth } = civil(day);
  writeYearMonthDay(year, month, dayOfMonth, sink);
  sink.byte(32);
  writeClock(second, sink);
  writeFraction(fraction, digits, sink);
  if (form.isUtc) sink.ascii('+00');
  if (year <= 0) sink.ascii(' BC');
}

/** A 64-bit count of a unit since 1970, given as its two halves. */
export function timestampOf(low: number, high: number, unit: TimeUnit): Timestamp {
  const { perSecond, digits } = units[unit];
  const count = high * 2 ** 32 + low;
  if (Number.isSafeInteger(count)) {
    const seconds = floorDivide(count, perSecond);
    const day = floorDivide(seconds, secondsADay);
    return { day, second: seconds - day * secondsADay, fraction: count - seconds * perSecond, digits };
  }
  const exact = (BigInt(high) << 32n) | BigInt(low);
  const fraction = Number(((exact % BigInt(perSecond)) + BigInt(perSecond)) % BigInt(perSecond));
  // exact: nanoseconds and microseconds leave seconds far below 2^53, and what milliseconds leave is below 2^54 / 1000
  const seconds = Number((exact - BigInt(fraction)) / BigInt(perSecond));
  const day = floorDivide(seconds, secondsADay);
  return { day, second: seconds - day * secondsADay, fraction, digits };
}

const unixEpochJulianDay = 2_440_588;

/** Days since 1970 that a signed 64-bit count of microseconds reaches either way. */
const reachOfMicros = 106_751_991;

/**
 * INT96: nanoseconds within the day (64 bits, signed), then the Julian day. Spark adds both up in 64 bits of microseconds,
 * which wraps for years beyond 287,000; a day that no such count reaches is a wrapped one, and is wrapped back as Spark does.
 */
export function timestampOfInt96(low: number, high: number, julianDay: number): Timestamp {
  const withinDay = timestampOf(low, high, 'nanos');
  const day = julianDay - unixEpochJulianDay + withinDay.day;
  if (Math.abs(day) < reachOfMicros) return { ...withinDay, day };
  const micros = BigInt.asIntN(64, (BigInt(day) * BigInt(secondsADay) + BigInt(withinDay.second)) * 1_000_000n);
  const seconds = Number(micros / 1_000_000n);
  const fraction = Number(micros % 1_000_000n) * 1_000 + withinDay.fraction;
  return carried(seconds, fraction);
}

/** A wrap shifts by a fraction of a second too: 2^64 is no multiple of a million. */
function carried(wholeSeconds: number, nanos: number): Timestamp {
  const seconds = wholeSeconds + floorDivide(nanos, 1_000_000_000);
  const day = floorDivide(seconds, secondsADay);
  return {
    day,
    second: seconds - day * secondsADay,
    fraction: nanos - floorDivide(nanos, 1_000_000_000) * 1_000_000_000,
    digits: 9,
  };
}

/** `23:59:59.123456`. A typed column takes 00:00:00 to 24:00:00. */
export function writeTime(count: number, unit: TimeUnit, bounds: Bounds, sink: TextSink): void {
  const { perSecond, digits } = units[unit];
  if (bounds === 'bounded' && (count < 0 || count > secondsADay * perSecond)) {
    throw new ValueProblem('wider', `${count} ${unit} are outside the range of time`);
  }
  if (count < 0) sink.byte(45);
  const size = Math.abs(count);
  const seconds = Math.floor(size / perSecond);
  writeClock(seconds, sink);
  writeFraction(size - seconds * perSecond, digits, sink);
}

/** ISO 8601, from parquet's months, days and milliseconds, which stay apart: `P1M2DT3.004S`. */
export function writeInterval(view: DataView, start: number, sink: TextSink): void {
  const months = view.getUint32(start, true);
  const days = view.getUint32(start + 4, true);
  const millis = view.getUint32(start + 8, true);
  if (months === 0 && days === 0 && millis === 0) {
    sink.ascii('PT0S');
    return;
  }
  sink.ascii('P');
  if (months > 0) sink.ascii(`${months}M`);
  if (days > 0) sink.ascii(`${days}D`);
  if (millis === 0) return;
  sink.ascii(`T${Math.floor(millis / 1000)}`);
  writeFraction(millis % 1000, 3, sink);
  sink.ascii('S');
}

function writeClock(seconds: number, sink: TextSink): void {
  sink.digits(Math.floor(seconds / 3600), 2);
  sink.byte(58);
  sink.digits(Math.floor(seconds / 60) % 60, 2);
  sink.byte(58);
  sink.digits(seconds % 60, 2);
}

function writeYearMonthDay(year: number, month: number, dayOfMonth: number, sink: TextSink): void {
  sink.digits(year > 0 ? year : 1 - year, 4);
  sink.byte(45);
  sink.digits(month, 2);
  sink.byte(45);
  sink.digits(dayOfMonth, 2);
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
}

const daysIn400Years = 146_097;
const daysIn100Years = 36_524;
const daysIn4Years = 1_461;

/**
 * The proleptic Gregorian date of a day since 1970-01-01. Years are counted from March, so that a leap day is the last of
 * its year and every month's start follows from a line of 153 days in five months.
 */
function civil(day: number): CivilDate {
  const sinceMarchOfYear0 = day + 719_468;
  const era = Math.floor(sinceMarchOfYear0 / daysIn400Years);
  const dayOfEra = sinceMarchOfYear0 - era * daysIn400Years;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / (daysIn4Years - 1)) +
      Math.floor(dayOfEra / daysIn100Years) -
      Math.floor(dayOfEra / (daysIn400Years - 1))) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  return { year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfMonth };
}

/** Rounds down; exact for every safe integer, where a division of floats alone may round up to the next whole. */
function floorDivide(value: number, divisor: number): number {
  const quotient = Math.floor(value / divisor);
  const rest = value - quotient * divisor;
  if (rest < 0) return quotient - 1;
  return rest >= divisor ? quotient + 1 : quotient;
}
