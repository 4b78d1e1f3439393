import type { ArchivedTable } from './archived-table.ts';

const DAYS_OF_YEAR = 365;
const YEARS_BETWEEN_LEAP_DAYS = 4;
/** A snapshot is uploaded within its month, and its lock counts from that month's end. */
const SNAPSHOT_LEAD_DAYS = 31;
/** The clock of S3 is not that by which a month was found to be over. */
const EXPIRY_MARGIN_DAYS = 1;
/** A manifest outlives what it proves by a quarter: it is the only record of it that holds when our database is gone. */
const MANIFEST_MARGIN_DAYS = 92;

/**
 * The longest, in days from its upload, that a part may be locked: the lock lasts to the month's end plus so many calendar
 * years, and those have a leap day for every four begun. A monthly part is uploaded when its month is over, so counting
 * from the upload never falls short.
 */
export function longestLockDays({ mode, retentionYears, storedLockDays = 0 }: ArchivedTable): number {
  return Math.max(daysOfYears(retentionYears) + (mode === 'snapshot' ? SNAPSHOT_LEAD_DAYS : 0), storedLockDays);
}

/** The most days that so many calendar years can have. */
export function daysOfYears(years: number): number {
  return years * DAYS_OF_YEAR + Math.ceil(years / YEARS_BETWEEN_LEAP_DAYS);
}

/**
 * When lifecycle may expire a part, in days from its upload: never before its lock ends. Lifecycle counts from the upload
 * and knows no month, so a month that was archived late also leaves late.
 */
export function expiryDays(lockDays: number): number {
  return lockDays + EXPIRY_MARGIN_DAYS;
}

/** When lifecycle may expire a manifest, given the longest lock of what it may list. */
export function manifestExpiryDays(lockDays: number): number {
  return expiryDays(lockDays) + MANIFEST_MARGIN_DAYS;
}
