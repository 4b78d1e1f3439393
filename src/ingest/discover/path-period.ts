import {
  type BillingPeriod,
  parsePartitionFolder,
  parseRangeFolder,
  parseYearMonthFolders,
  periodOf,
} from './period.ts';

/** A month written as text, most explicit spelling first: `2024-01` (also `2024-01-31`), `2024_01`, `202401` (also `20240131`). */
const spellings = [
  /(?<!\d)(\d{4})-(\d{2})(?:-[0-3]\d)?(?!\d)/g,
  /(?<!\d)(\d{4})_(\d{2})(?:_[0-3]\d)?(?!\d)/g,
  /(?<!\d)(\d{4})(\d{2})(?:[0-3]\d)?(?!\d)/g,
];

/**
 * The billing period that a path names in any spelling; what says that it is one (`billing_period=`, `year=…/month=…`,
 * a range) counts before what merely looks like one, and the innermost folder before those around it.
 */
export function periodInPath(key: string): BillingPeriod | undefined {
  const segments = key.split('/');
  return folderPeriod(segments) ?? yearThenMonth(segments) ?? textPeriod(segments);
}

function folderPeriod(segments: readonly string[]): BillingPeriod | undefined {
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i] ?? '';
    const period =
      parsePartitionFolder(segment) ??
      parseRangeFolder(segment) ??
      parseYearMonthFolders(segments[i - 1] ?? '', segment);
    if (period !== undefined) return period;
  }
  return undefined;
}

/** `2024/01`, two folders of nothing but digits. */
function yearThenMonth(segments: readonly string[]): BillingPeriod | undefined {
  for (let i = segments.length - 2; i > 0; i--) {
    const [year, month] = [segments[i - 1] ?? '', segments[i] ?? ''];
    if (!/^\d{4}$/.test(year) || !/^\d{1,2}$/.test(month)) continue;
    const period = periodOf(Number(year), Number(month));
    if (period !== undefined) return period;
  }
  return undefined;
}

function textPeriod(segments: readonly string[]): BillingPeriod | undefined {
  for (const segment of segments.toReversed()) {
    for (const spelling of spellings) {
      for (const found of [...segment.matchAll(spelling)].toReversed()) {
        const period = periodOf(Number(found[1]), Number(found[2]));
        if (period !== undefined) return period;
      }
    }
  }
  return undefined;
}
