import type { Month } from '../month.ts';
import type { SourceTable } from '../policy/assign-tables.ts';
import { tableText } from '../policy/table-pattern.ts';
import type { HoldFacts } from './unit-facts.ts';

export interface HeldMonth extends SourceTable {
  readonly month: Month;
}

/** The holds that are in force at `now` and cover this month of this table. */
export function holdsOn<Hold extends HoldFacts>(
  holds: readonly Hold[],
  { source, schema, table, month }: HeldMonth,
  now: Date,
): readonly Hold[] {
  return holds.filter(
    (hold) =>
      hold.releasedAt === null &&
      (hold.until === null || hold.until > now) &&
      hold.source === source &&
      (hold.table === null || hold.table === tableText({ schema, table })) &&
      (hold.from === null || hold.from <= month) &&
      (hold.to === null || month <= hold.to),
  );
}
