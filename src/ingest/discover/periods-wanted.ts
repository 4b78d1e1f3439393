import { type BillingPeriod, currentPeriod, parsePeriod, watchedPeriods } from './period.ts';

const dayMillis = 86_400_000;

export interface PeriodsWantedOptions {
  readonly now: Date;
  readonly settleDays: number;
  /** Everything since this month as well (`2024-01-01`): a backfill. */
  readonly from: string | undefined;
  /** The last discovery that went through; whatever it still watched is watched again. */
  readonly lastDiscoveredAt: Date | undefined;
}

/**
 * The months that a discovery looks at. After a pause of any length it goes on with the months that were not settled
 * when it last looked, so that a month that closed meanwhile is not missed.
 */
export function periodsWanted({
  now,
  settleDays,
  from,
  lastDiscoveredAt,
}: PeriodsWantedOptions): readonly BillingPeriod[] {
  const unsettled = lastDiscoveredAt && currentPeriod(new Date(lastDiscoveredAt.getTime() - settleDays * dayMillis));
  const wanted = from === undefined ? undefined : parsePeriod(from);
  const first = [unsettled, wanted].filter((period) => period !== undefined).toSorted(byStart)[0];
  return watchedPeriods({ now, settleDays, ...(first && { from: first }) });
}

function byStart(a: BillingPeriod, b: BillingPeriod): number {
  return a.start < b.start ? -1 : 1;
}
