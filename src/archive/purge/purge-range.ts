import { createHash } from 'node:crypto';
import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { quoteQualified } from '../../db/identifier.ts';
import { AppError } from '../../errors.ts';
import { commitDeletion, intendDeletion } from '../../registry/archive/deletion.ts';
import { recordDeparted } from '../../registry/archive/part-states.ts';
import type { DepartedRow, UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import { step } from '../../steps.ts';
import type { ArchivedRange } from '../compare/archived-rows.ts';
import type { ComparableLines } from '../compare/comparable-lines.ts';
import { DepartedRows } from '../compare/departed-rows.ts';
import { type CountedRow, linesOf, rowDigest } from '../compare/row-set.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';
import type { RangeBounds, UnitQuery } from '../export/unit-query.ts';
import { inSourceTransaction } from '../source/source-transaction.ts';
import { purgeSettings } from './purge-settings.ts';
import { requireSameColumns } from './require-same-columns.ts';

/** What the deleted rows must be: exactly these bytes, or each of them one of the archived rows. */
export type Expected =
  | { readonly kind: 'digest'; readonly sha256: string }
  | ({ readonly kind: 'rows' } & ArchivedRange);

export interface PurgeRangeRequest {
  readonly job: UnitJob;
  readonly unit: WholeUnit;
  readonly range: UnitRange;
  readonly query: UnitQuery;
  readonly comparable: ComparableLines;
  readonly expected: Expected;
  /** Where the rows go first; undefined: they are deleted. */
  readonly undoTable: string | undefined;
}

/** `differs`: rows that are not archived were met; nothing was deleted. */
export type PurgeRangeOutcome =
  | { readonly kind: 'purged'; readonly rows: number }
  | { readonly kind: 'differs'; readonly rows: number };

/** Thrown inside the transaction to roll it back; never seen outside. */
class RangeDiffers extends Error {
  readonly rows: number;
  constructor(rows: number) {
    super('the rows are not those archived');
    this.rows = rows;
  }
}

/**
 * Deletes one range in one transaction, which sends the lines of exactly the rows that it deleted. It is committed only
 * if they are those proved in the bucket; and before the commit its number is recorded, so that whatever fails from there
 * on, the server can be asked what became of it (settleDeletions): only it knows.
 * @throws AppError ROWS_CHANGED when rows stay that were to be deleted, or as the source database and the registry
 */
export async function purgeRange(context: ArchiveContext, request: PurgeRangeRequest): Promise<PurgeRangeOutcome> {
  const { job, unit, range } = request;
  const { registry } = context;
  const place = { unitId: unit.id, round: unit.round, rangeOrdinal: range.ordinal };
  step('purge.before-delete', unit.id);
  try {
    const { intentId, rows, departed } = await inSourceTransaction(job.pool, async (client) => {
      await client.query(purgeSettings);
      await client.query(`lock table ${quoteQualified(unit.schema, unit.table)} in row exclusive mode`);
      await requireSameColumns(client, unit, request.query);
      const deleted = await deleteLines(client, request);
      step('purge.deleted', unit.id);
      if (deleted.rows === 0) return { ...deleted, intentId: undefined };
      const { rows: found } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
      const intentId = await intendDeletion(registry, {
        ...place,
        method: 'delete',
        transaction: found[0]?.id ?? '',
        rows: deleted.rows,
        digest: deleted.sha256,
        departed: deleted.departed,
        actor: job.actor,
      });
      step('purge.intended', unit.id);
      return { ...deleted, intentId };
    });
    step('purge.committed', unit.id);
    if (intentId !== undefined) await commitDeletion(registry, { ...place, id: intentId, departed });
    // Nothing was left to delete: what others deleted before is on record all the same, or a restore would bring it back.
    else await recordDeparted(registry, unit.id, inRange(departed, place));
    step('purge.settled', unit.id);
    return { kind: 'purged', rows };
  } catch (error) {
    if (error instanceof RangeDiffers) return { kind: 'differs', rows: error.rows };
    throw error;
  }
}

function inRange(
  departed: readonly CountedRow[],
  { round, rangeOrdinal }: Pick<DepartedRow, 'round' | 'rangeOrdinal'>,
): readonly DepartedRow[] {
  return departed.map((row) => ({ ...row, round, rangeOrdinal }));
}

interface DeletedLines {
  readonly rows: number;
  readonly sha256: string;
  readonly departed: readonly CountedRow[];
}

/** @throws RangeDiffers, AppError ROWS_CHANGED */
async function deleteLines(client: pg.PoolClient, request: PurgeRangeRequest): Promise<DeletedLines> {
  const { job, query, comparable, expected, undoTable } = request;
  const statement = query.delete({ ...boundsOf(request), undoTable });
  const hash = createHash('sha256');
  let rows = 0;
  let unknown = 0;
  const departed = expected.kind === 'rows' ? new DepartedRows(expected) : undefined;
  for await (const sent of copyOut(client, { ...statement, signal: job.signal })) {
    const chunk = comparable(sent);
    hash.update(chunk);
    for (const line of linesOf(chunk)) {
      rows++;
      if (expected.kind === 'digest') continue;
      const digest = rowDigest(line);
      departed?.meet(digest);
      if (!expected.kept.take(digest)) unknown++;
    }
  }
  const sha256 = hash.digest('hex');
  const isProved = expected.kind === 'digest' ? sha256 === expected.sha256 : unknown === 0;
  if (!isProved) throw new RangeDiffers(rows);
  if (expected.kind === 'digest') return { rows, sha256, departed: [] };
  await requireGone(client, request, expected);
  return { rows, sha256, departed: departed?.list() ?? [] };
}

/**
 * An archived row that was not among the deleted ones has departed only if it really is not there: a trigger may have kept
 * it, or somebody wrote it again at this moment. On record as departed it would be lost with the next purge.
 * @throws AppError ROWS_CHANGED
 */
async function requireGone(
  client: pg.PoolClient,
  request: PurgeRangeRequest,
  { live }: Pick<ArchivedRange, 'live'>,
): Promise<void> {
  if (live.size === 0) return;
  const { job, unit, range, query, comparable } = request;
  const missing = live.copy();
  let stayed = 0;
  for await (const chunk of copyOut(client, { ...query.select(boundsOf(request)), signal: job.signal })) {
    for (const line of linesOf(comparable(chunk))) if (missing.take(rowDigest(line))) stayed++;
  }
  if (stayed === 0) return;
  throw new AppError(
    'ROWS_CHANGED',
    `${unit.schema}.${unit.table} ${unit.month}, range ${range.ordinal}: ${stayed} archived rows are still there after they were deleted (does a trigger keep them?): nothing of the range is purged`,
  );
}

function boundsOf({ unit, range }: PurgeRangeRequest): RangeBounds {
  return { after: unit.ranges[range.ordinal - 2]?.upper ?? undefined, upTo: range.upper ?? undefined };
}
