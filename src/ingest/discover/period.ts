/**
 * A billing period: one calendar month in UTC, `[start, end)`, both ends as `YYYY-MM-01`. Text and not a Date, so that
 * no time zone can move it; `start` is its identity (map key, registry column).
 */
export interface BillingPeriod {
  readonly start: string;
  readonly end: string;
}

/** Years outside these are a number in a path that merely looks like a month: AWS sold nothing before 2006. */
const firstYear = 2006;
const lastYear = 2099;

/** Of how many months at most a backfill may consist; all that AWS could have billed. */
export const maxWatchedPeriods = (lastYear - firstYear + 1) * 12;

const dayMillis = 86_400_000;

/** @returns undefined for what is no month, or one in which there can be no bill */
export function periodOf(year: number, month: number): BillingPeriod | undefined {
  if (!Number.isInteger(year) || year < firstYear || year > lastYear) return undefined;
  if (!Number.isInteger(month) || month < 1 || month > 12) return undefined;
  const end = month === 12 ? firstDay(year + 1, 1) : firstDay(year, month + 1);
  return { start: firstDay(year, month), end };
}

/** The month in which `now` lies, in UTC. */
export function currentPeriod(now: Date): BillingPeriod {
  const period = periodOf(now.getUTCFullYear(), now.getUTCMonth() + 1);
  if (period === undefined) throw new RangeError(`no billing period at ${now.toISOString()}`);
  return period;
}

/** `2024-01` or `2024-01-01`, as people and the registry write a period. */
export function parsePeriod(text: string): BillingPeriod | undefined {
  const found = /^(\d{4})-(\d{2})(?:-01)?$/.exec(text);
  return found === null ? undefined : periodOf(Number(found[1]), Number(found[2]));
}

/** `20180501-20180601`: the folder of a legacy report; the end is exclusive. */
export function parseRangeFolder(folder: string): BillingPeriod | undefined {
  const found = /^(\d{4})(\d{2})01-(\d{8})$/.exec(folder);
  if (found === null) return undefined;
  const period = periodOf(Number(found[1]), Number(found[2]));
  return period?.end.replaceAll('-', '') === found[3] ? period : undefined;
}

/** `BILLING_PERIOD=2025-12` (CUR 2.0, FOCUS 1.0 preview) or `billing_period=2026-05` (FOCUS 1.0 and 1.2). */
export function parsePartitionFolder(folder: string): BillingPeriod | undefined {
  const found = /^billing_period=(\d{4}-\d{2})$/i.exec(folder);
  return found?.[1] === undefined ? undefined : parsePeriod(found[1]);
}

/** `year=2018` and `month=1` (or `month=01`), the folders of the Athena integration. */
export function parseYearMonthFolders(yearFolder: string, monthFolder: string): BillingPeriod | undefined {
  const year = /^year=(\d{4})$/i.exec(yearFolder);
  const month = /^month=(\d{1,2})$/i.exec(monthFolder);
  return year === null || month === null ? undefined : periodOf(Number(year[1]), Number(month[1]));
}

/** A legacy manifest's `20180501T000000.000Z`, or the same with dashes and colons; both ends must be those of one month. */
export function parseManifestPeriod(start: string, end: string): BillingPeriod | undefined {
  const period = periodStartingAt(start);
  return period !== undefined && periodStartingAt(end)?.start === period.end ? period : undefined;
}

export function rangeFolder(period: BillingPeriod): string {
  return `${period.start.replaceAll('-', '')}-${period.end.replaceAll('-', '')}`;
}

/** `2025-12`. */
export function monthText(period: BillingPeriod): string {
  return period.start.slice(0, 7);
}

export interface WatchOptions {
  readonly now: Date;
  /** Days after its end during which a closed month may still be restated; AWS takes about two weeks. */
  readonly settleDays: number;
  /** Everything since this period, too. */
  readonly from?: BillingPeriod;
}

/**
 * The periods that a run looks at, oldest first: the current month, each closed month until `settleDays` after its end
 * (its last restatement arrives in the month after), and all months since `from`.
 */
export function watchedPeriods({ now, settleDays, from }: WatchOptions): readonly BillingPeriod[] {
  const current = currentPeriod(now);
  const watched = [current];
  let period = previousPeriod(current);
  while (period !== undefined && watched.length < maxWatchedPeriods && isWatched(period)) {
    watched.unshift(period);
    period = previousPeriod(period);
  }
  return watched;

  function isWatched({ start, end }: BillingPeriod): boolean {
    const settled = Date.parse(`${end}T00:00:00Z`) + settleDays * dayMillis;
    return now.getTime() < settled || (from !== undefined && start >= from.start);
  }
}

export function previousPeriod(period: BillingPeriod): BillingPeriod | undefined {
  const year = Number(period.start.slice(0, 4));
  const month = Number(period.start.slice(5, 7));
  return month === 1 ? periodOf(year - 1, 12) : periodOf(year, month - 1);
}

function periodStartingAt(instant: string): BillingPeriod | undefined {
  const found = /^(\d{4})-?(\d{2})-?01(?:T00:?00:?00(?:\.0+)?Z?)?$/.exec(instant);
  return found === null ? undefined : periodOf(Number(found[1]), Number(found[2]));
}

function firstDay(year: number, month: number): string {
  return `${year}-${String(month).padStart(2, '0')}-01`;
}
