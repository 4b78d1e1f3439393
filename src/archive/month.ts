import { AppError } from '../errors.ts';

/**
 * A calendar month in UTC as `YYYY-MM`, years 0001 to 9999: the interval `[monthStart, monthEnd)`. Text, so that no time
 * zone can move it, and so that the order of the texts is the order of the months.
 */
export type Month = string;

const monthPattern = /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])$/;
const dayMillis = 86_400_000;
/** A range longer than this is a slip of the pen, not an archive: a thousand years. */
const maxRangeMonths = 12_000;

export function isMonth(text: string): boolean {
  return monthPattern.test(text);
}

/** @throws AppError BAD_INPUT naming the text */
export function parseMonth(text: string): Month {
  if (isMonth(text)) return text;
  throw new AppError('BAD_INPUT', `${JSON.stringify(text)} is no month: write it as YYYY-MM, for example 2026-01`);
}

/** The month in which an instant lies, in UTC. */
export function monthOf(instant: Date): Month {
  return parseMonth(instant.toISOString().slice(0, 7));
}

export function monthStart(month: Month): Date {
  return startAfter(month, 0);
}

/** The first instant that is not in the month any more. */
export function monthEnd(month: Month): Date {
  return startAfter(month, 1);
}

/** @throws AppError BAD_INPUT after 9999-12 */
export function nextMonth(month: Month): Month {
  return monthOf(startAfter(month, 1));
}

/** @throws AppError BAD_INPUT before 0001-01 */
export function previousMonth(month: Month): Month {
  return monthOf(startAfter(month, -1));
}

/**
 * All months from the first to the last, both of them in it; none when the last is before the first.
 * @throws AppError BAD_INPUT for more than a thousand years
 */
export function monthRange(first: Month, last: Month): readonly Month[] {
  const count = monthNumber(last) - monthNumber(first) + 1;
  if (count > maxRangeMonths) {
    throw new AppError('BAD_INPUT', `${first} to ${last} are ${count} months: give at most ${maxRangeMonths}`);
  }
  return Array.from({ length: Math.max(0, count) }, (_, months) => monthOf(startAfter(first, months)));
}

/** When the month's rows have been in the database long enough: `hotDays` days of 24 hours after its end. */
export function dueAt(month: Month, hotDays: number): Date {
  return new Date(monthEnd(month).getTime() + hotDays * dayMillis);
}

/** The newest month that is due at `now`; every month before it is due as well, and none after it. */
export function newestDueMonth(now: Date, hotDays: number): Month {
  return previousMonth(monthOf(new Date(now.getTime() - hotDays * dayMillis)));
}

/**
 * The end of the month plus whole calendar years. A month ends on the first of the next one, which every year has, so
 * leap years shift nothing: ten years from the end of 2024-02 are 2034-03-01.
 */
export function retainUntil(month: Month, retentionYears: number): Date {
  return startAfter(month, 1 + 12 * retentionYears);
}

/** Midnight, in UTC, of the first day of the month that comes `months` after this one. */
function startAfter(month: Month, months: number): Date {
  const start = new Date(0);
  // Date.UTC would take the years 0 to 99 for those of the twentieth century.
  const number = monthNumber(month) + months;
  start.setUTCFullYear(Math.floor(number / 12), number - 12 * Math.floor(number / 12), 1);
  return start;
}

/** Months since 0000-01. */
function monthNumber(month: Month): number {
  const [year, inYear] = parseMonth(month).split('-').map(Number);
  return (year ?? 0) * 12 + (inYear ?? 1) - 1;
}
