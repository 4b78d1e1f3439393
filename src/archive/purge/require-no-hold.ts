import { AppError } from '../../errors.ts';
import { type Hold, listHolds } from '../../registry/archive/hold.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';

/** Whether the hold is on this table and month. */
export function isHeldBy(hold: Hold, unit: Pick<UnitRecord, 'source' | 'schema' | 'table' | 'month'>): boolean {
  return (
    hold.source === unit.source &&
    (hold.table === null || hold.table === `${unit.schema}.${unit.table}`) &&
    (hold.from === null || hold.from <= unit.month) &&
    (hold.to === null || unit.month <= hold.to)
  );
}

/**
 * Asked again right before rows are deleted: a hold that was placed since the plan was made counts.
 * @throws AppError ON_HOLD
 */
export async function requireNoHold(
  { registry, now }: ArchiveContext,
  unit: Pick<UnitRecord, 'source' | 'schema' | 'table' | 'month'>,
): Promise<void> {
  const hold = (await listHolds(registry, { source: unit.source, now: now() })).find((one) => isHeldBy(one, unit));
  if (hold === undefined) return;
  throw new AppError(
    'ON_HOLD',
    `${unit.source}/${unit.schema}.${unit.table} ${unit.month} is under hold ${hold.id} by ${hold.placedBy} (${hold.reason}): nothing of it is purged until the hold is released`,
  );
}
