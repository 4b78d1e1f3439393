import { AppError } from '../../errors.ts';
import { listHolds } from '../../registry/archive/hold.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';
import { holdsOn } from '../plan/holds-on.ts';

/**
 * Asked again right before rows are deleted: a hold that was placed since the plan was made counts.
 * @throws AppError ON_HOLD
 */
export async function requireNoHold(
  { registry, now }: ArchiveContext,
  unit: Pick<UnitRecord, 'source' | 'schema' | 'table' | 'month'>,
): Promise<void> {
  const [hold] = holdsOn(await listHolds(registry, { source: unit.source }), unit, now());
  if (hold === undefined) return;
  throw new AppError(
    'ON_HOLD',
    `${unit.source}/${unit.schema}.${unit.table} ${unit.month} is under hold ${hold.id} by ${hold.placedBy} (${hold.reason}): nothing of it is purged until the hold is released`,
  );
}
