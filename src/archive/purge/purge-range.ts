import { createHash } from 'node:crypto';
import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { toAppError } from '../../errors.ts';
import { abortDeletion, commitDeletion, intendDeletion } from '../../registry/archive/deletion.ts';
import type { UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import { step } from '../../steps.ts';
import type { ArchivedRange } from '../compare/archived-rows.ts';
import { type CountedRow, linesOf, type RowSet, rowDigest } from '../compare/row-set.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';
import type { UnitQuery } from '../export/unit-query.ts';
import { inSourceTransaction } from '../source/source-transaction.ts';
import { purgeSettings } from './purge-settings.ts';

/** What the deleted rows must be: exactly these bytes, or each of them one of the archived rows. */
export type Expected =
  | { readonly kind: 'digest'; readonly sha256: string }
  | { readonly kind: 'rows'; readonly known: RowSet; readonly live: ArchivedRange['live'] };

export interface PurgeRangeRequest {
  readonly job: UnitJob;
  readonly unit: WholeUnit;
  readonly range: UnitRange;
  readonly query: UnitQuery;
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
 * if they are those proved in the bucket; and before the commit its number is recorded, so that after a crash the server
 * can be asked what became of it.
 */
export async function purgeRange(context: ArchiveContext, request: PurgeRangeRequest): Promise<PurgeRangeOutcome> {
  const { job, unit, range } = request;
  const { registry } = context;
  let intent: { readonly id: number; readonly departed: readonly CountedRow[] } | undefined;
  step('purge.before-delete', unit.id);
  try {
    const rows = await inSourceTransaction(job.pool, async (client) => {
      await client.query(purgeSettings);
      const deleted = await deleteLines(client, request);
      step('purge.deleted', unit.id);
      if (deleted.rows === 0) return 0;
      const { rows: found } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
      const { departed } = deleted;
      const id = await intendDeletion(registry, {
        unitId: unit.id,
        round: unit.round,
        rangeOrdinal: range.ordinal,
        method: 'delete',
        transaction: found[0]?.id ?? '',
        rows: deleted.rows,
        digest: deleted.sha256,
        departed,
        actor: job.actor,
      });
      intent = { id, departed };
      step('purge.intended', unit.id);
      return deleted.rows;
    });
    step('purge.committed', unit.id);
    if (intent !== undefined) {
      await commitDeletion(registry, { ...intent, unitId: unit.id, rangeOrdinal: range.ordinal });
    }
    step('purge.settled', unit.id);
    return { kind: 'purged', rows };
  } catch (error) {
    if (error instanceof RangeDiffers) return { kind: 'differs', rows: error.rows };
    // Whether a commit that broke off was done, only the server knows: the next run asks it.
    if (intent !== undefined && toAppError(error).code !== 'DATABASE_UNAVAILABLE')
      await abortDeletion(registry, intent.id);
    throw error;
  }
}

interface DeletedLines {
  readonly rows: number;
  readonly sha256: string;
  readonly departed: readonly CountedRow[];
}

/** @throws RangeDiffers */
async function deleteLines(
  client: pg.PoolClient,
  { job, unit, range, query, expected, undoTable }: PurgeRangeRequest,
): Promise<DeletedLines> {
  const after = unit.ranges[range.ordinal - 2]?.upper ?? undefined;
  const statement = query.delete({ after, upTo: range.upper ?? undefined, undoTable });
  const hash = createHash('sha256');
  let rows = 0;
  let unknown = 0;
  for await (const chunk of copyOut(client, { ...statement, signal: job.signal })) {
    hash.update(chunk);
    for (const line of linesOf(chunk)) {
      rows++;
      if (expected.kind === 'digest') continue;
      const digest = rowDigest(line);
      expected.live.take(digest);
      if (!expected.known.take(digest)) unknown++;
    }
  }
  const sha256 = hash.digest('hex');
  const isProved = expected.kind === 'digest' ? sha256 === expected.sha256 : unknown === 0;
  if (!isProved) throw new RangeDiffers(rows);
  return { rows, sha256, departed: expected.kind === 'digest' ? [] : expected.live.list() };
}
