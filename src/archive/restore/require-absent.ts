import type pg from 'pg';
import { AppError } from '../../errors.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { countMonth, knowsMonth } from './count-month.ts';
import type { PartJob } from './restore-part.ts';
import { recordOf, recordsOfOthers, standsFor } from './standing-for.ts';
import { isInPlace } from './target-table.ts';
import type { RestoredPart } from './watermark.ts';

export interface RequireAbsent {
  readonly job: Pick<PartJob, 'unit' | 'part' | 'target' | 'purges' | 'request' | 'restore'>;
  readonly target: TableDefinition;
  /** What is in the target by its record, this part perhaps among it. */
  readonly restored: readonly RestoredPart[];
}

/**
 * Without a key nothing tells a row that is there from one that comes back: then it has to be known that none is there. Either
 * a purge has deleted them since, by its proof, or the target's month holds what was restored before and nothing else.
 * @throws AppError RESTORE_CONFLICT
 */
export async function requireAbsent(client: pg.PoolClient, { job, target, restored }: RequireAbsent): Promise<void> {
  const { unit, request } = job;
  const name = `${target.schema}.${target.table}`;
  if (request.conflict !== 'fail') {
    throw new AppError(
      'RESTORE_CONFLICT',
      `${name} has no primary key: rows cannot be told apart, so there is nothing to ${request.conflict}; restore with conflict "fail", or into another table`,
    );
  }
  if (isInPlace(job.target, unit) && wasPurged(job, restored)) return;
  const own = standsFor(unit, job.part);
  const counted = knowsMonth(target, unit)
    ? recordsOfOthers(restored, unit, job.part)
    : restored.filter(({ partSha256 }) => !own.has(partSha256));
  const expected = counted.reduce((sum, { rows }) => sum + rows, 0);
  const found = await countMonth(client, target, unit);
  if (found === expected) return;
  throw new AppError(
    'RESTORE_CONFLICT',
    `${name} has no primary key, and holds ${found} rows of ${unit.month} where ${expected} were expected: restored rows could double them; restore into another table`,
  );
}

/** Every range of the part was purged since it was archived, and since it was last restored. What lies there came later. */
function wasPurged({ unit, part, purges }: RequireAbsent['job'], restored: readonly RestoredPart[]): boolean {
  const restoredAt = recordOf(restored, unit, part)?.lastDeletion ?? 0;
  return part.ranges.every(({ ordinal }) => {
    const purge = purges.byRange.get(ordinal);
    return purge !== undefined && purge.round >= part.round && purge.id > restoredAt;
  });
}
