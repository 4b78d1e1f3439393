import type pg from 'pg';
import { quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import { rangeCondition, rowAlias } from '../source/range-condition.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import type { PartJob } from './restore-part.ts';
import { isInPlace } from './target-table.ts';
import type { RestoredPart } from './watermark.ts';

export interface RequireAbsent {
  readonly job: Pick<PartJob, 'unit' | 'part' | 'target' | 'purges' | 'request' | 'restore'>;
  readonly target: TableDefinition;
  /** Other parts of the unit that are in the target. */
  readonly others: readonly RestoredPart[];
}

/**
 * Without a key nothing tells a row that is there from one that comes back: then it has to be known that none is there. Either
 * a purge has deleted them since, by its proof, or the target's month holds what was restored before and nothing else.
 * @throws AppError RESTORE_CONFLICT
 */
export async function requireAbsent(client: pg.PoolClient, { job, target, others }: RequireAbsent): Promise<void> {
  const { unit, request } = job;
  const name = `${target.schema}.${target.table}`;
  if (request.conflict !== 'fail') {
    throw new AppError(
      'RESTORE_CONFLICT',
      `${name} has no primary key: rows cannot be told apart, so there is nothing to ${request.conflict}; restore with conflict "fail", or into another table`,
    );
  }
  if (isInPlace(job.target, unit) && wasPurged(job)) return;
  const expected = others.reduce((sum, { rows }) => sum + rows, 0);
  const found = await countRows(client, job, target);
  if (found === expected) return;
  throw new AppError(
    'RESTORE_CONFLICT',
    `${name} has no primary key, and holds ${found} rows of ${unit.month} where ${expected} were expected: restored rows could double them; restore into another table`,
  );
}

/** Every range of the part was purged after it was archived. What lies there now came later. */
function wasPurged({ part, purges }: RequireAbsent['job']): boolean {
  return part.ranges.every(({ ordinal }) => (purges.byRange.get(ordinal)?.round ?? 0) >= part.round);
}

async function countRows(
  client: pg.PoolClient,
  { unit }: RequireAbsent['job'],
  target: TableDefinition,
): Promise<number> {
  const hasTime = unit.timeColumn !== null && target.columns.some(({ name }) => name === unit.timeColumn);
  const key = { timeColumn: unit.timeColumn, keyColumns: [] };
  const condition = hasTime ? rangeCondition({ definition: target, key, month: unit.month }) : 'true';
  const { rows } = await client.query<{ rows: number }>(
    `select count(*)::float8 as rows from ${quoteQualified(target.schema, target.table)} as ${rowAlias} where ${condition}`,
  );
  return rows[0]?.rows ?? 0;
}
