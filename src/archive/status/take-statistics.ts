import { recordStatistics } from '../../registry/archive/statistic.ts';
import type { ArchiveContext } from '../context.ts';

const dayMillis = 86_400_000;
const daysOfWeek = 7;

/** Takes stock of every table's archive for the present week. @returns the number of tables */
export async function takeStatistics({ registry, now }: ArchiveContext): Promise<number> {
  return recordStatistics(registry, mondayOf(now()));
}

/** The Monday, at midnight UTC, of the ISO week in which an instant lies. */
export function mondayOf(instant: Date): Date {
  const sinceMonday = (instant.getUTCDay() + daysOfWeek - 1) % daysOfWeek;
  const midnight = Date.UTC(instant.getUTCFullYear(), instant.getUTCMonth(), instant.getUTCDate());
  return new Date(midnight - sinceMonday * dayMillis);
}
