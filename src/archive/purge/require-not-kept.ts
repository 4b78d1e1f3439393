import { AppError } from '../../errors.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';

/**
 * Rows that a restore put back stay until the date that it set, whatever the plan said before.
 * @throws AppError ON_HOLD
 */
export function requireNotKept(
  { now }: Pick<ArchiveContext, 'now'>,
  { source, schema, table, month, keepUntil }: UnitRecord,
): void {
  if (keepUntil === null || keepUntil <= now()) return;
  throw new AppError(
    'ON_HOLD',
    `${source}/${schema}.${table} ${month} was restored: its rows are not purged before ${keepUntil.toISOString()}`,
  );
}
