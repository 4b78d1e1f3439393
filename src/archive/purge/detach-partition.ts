import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { copyOut } from '../../db/copy-out.ts';
import { toDatabaseError } from '../../db/database-error.ts';
import { quoteIdentifier, quoteQualified } from '../../db/identifier.ts';
import { AppError, isAppError } from '../../errors.ts';
import { abortDeletion, commitDeletion, intendDeletion } from '../../registry/archive/deletion.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import { step } from '../../steps.ts';
import { emptySha256, expectedDigest } from '../compare/expected-range.ts';
import { linesOf } from '../compare/row-set.ts';
import type { ArchiveContext } from '../context.ts';
import { inSourceTransaction } from '../source/source-transaction.ts';
import type { Partition } from './find-partition.ts';
import { hasUndoTable, recordUndo, undoSchema, undoTableName } from './prepare-undo-table.ts';
import type { PurgeOutcome, PurgeWork } from './purge-ranges.ts';
import { purgeSettings } from './purge-settings.ts';
import { requireNoHold } from './require-no-hold.ts';
import { requireSameColumns } from './require-same-columns.ts';

/** Well below PostgreSQL's deadlock_timeout, which is a second by default. */
const parentLockMillis = 100;
const parentPauseMillis = 200;
/** Three seconds in all: long enough to slip in between ordinary queries. */
const maxParentTries = 10;

interface ProvedRange {
  readonly rangeOrdinal: number;
  readonly rows: number;
  readonly digest: string;
}

/** Thrown inside the transaction to roll it back; never seen outside. */
class PartitionDiffers extends Error {}
/** As well: the table cannot be had for a moment. */
class PartitionBusy extends Error {}

/**
 * Detaches the month's own partition and drops it (or sets it aside for the undo window), in one transaction that lets
 * nobody write to it: nothing can come into it between the proof of its rows and its end. Until then it can be read.
 * @returns undefined when it holds anything but what is archived, or the table is too busy to give it up; then it is as it was
 * @throws AppError SCHEMA_DRIFTED, or as the source database and the registry; settleDeletions then says what became of it
 */
export async function detachPartition(work: PurgeWork, partition: Partition): Promise<PurgeOutcome | undefined> {
  const { context, job, unit } = work;
  const { registry } = context;
  await requireNoHold(context, unit);
  if (job.policy.undoDays > 0) {
    // Ranges of this round were purged into the side table before: the others follow them.
    if (await hasUndoTable(work)) return undefined;
    await recordUndo(work);
  }
  const intents: { readonly id: number; readonly rangeOrdinal: number }[] = [];
  step('purge.before-delete', unit.id);
  try {
    const rows = await inSourceTransaction(job.pool, async (client) => {
      await client.query(purgeSettings);
      await client.query(`lock table ${quoteQualified(partition.schema, partition.table)} in exclusive mode`);
      await requireAttached(client, work, partition);
      await requireSameColumns(client, unit, work.query);
      const proved = await proveRanges(client, work);
      step('purge.deleted', unit.id);
      const { rows: found } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
      for (const range of proved.filter((one) => one.rows > 0)) {
        const transaction = found[0]?.id ?? '';
        const fixed = { unitId: unit.id, round: unit.round, method: 'detach', departed: [], actor: job.actor } as const;
        const id = await intendDeletion(registry, { ...fixed, ...range, transaction });
        intents.push({ id, rangeOrdinal: range.rangeOrdinal });
      }
      step('purge.intended', unit.id);
      await lockParent(client, unit, partition);
      await detach(client, work, partition);
      return proved.reduce((sum, range) => sum + range.rows, 0);
    });
    step('purge.committed', unit.id);
    const { id: unitId, round } = unit;
    for (const intent of intents) await commitDeletion(registry, { ...intent, unitId, round, departed: [] });
    step('purge.settled', unit.id);
    return { kind: 'purged', rows };
  } catch (error) {
    // Nothing is left of the transaction: what it was going to do is known not to have been done.
    if (error instanceof PartitionDiffers) return undefined;
    if (error instanceof PartitionBusy) return letBe(context, intents);
    throw error;
  }
}

async function letBe({ registry }: ArchiveContext, intents: readonly { readonly id: number }[]): Promise<undefined> {
  for (const { id } of intents) await abortDeletion(registry, id);
}

/** A name may have become another table's since it was read, or another month's. */
async function requireAttached(client: pg.PoolClient, { unit }: PurgeWork, partition: Partition): Promise<void> {
  const { rows } = await client.query<{ attached: boolean }>(
    `select exists (select from pg_inherits h join pg_class c on c.oid = h.inhrelid
                     where h.inhrelid = $1::regclass and h.inhparent = $2::regclass
                       and pg_get_expr(c.relpartbound, c.oid) = $3) as attached`,
    [quoteQualified(partition.schema, partition.table), quoteQualified(unit.schema, unit.table), partition.bound],
  );
  if (rows[0]?.attached === true) return;
  throw new AppError(
    'SCHEMA_DRIFTED',
    `${partition.schema}.${partition.table} is not the partition of ${unit.schema}.${unit.table} for ${unit.month} any more: run again`,
  );
}

/** @throws PartitionDiffers */
async function proveRanges(client: pg.PoolClient, work: PurgeWork): Promise<readonly ProvedRange[]> {
  const { unit, query, comparable, purgedRound, job } = work;
  const proved: ProvedRange[] = [];
  for (const { ordinal, upper } of unit.ranges) {
    const after = unit.ranges[ordinal - 2]?.upper ?? undefined;
    const hash = createHash('sha256');
    let rows = 0;
    for await (const chunk of copyOut(client, {
      ...query.select({ after, upTo: upper ?? undefined }),
      signal: job.signal,
    })) {
      hash.update(comparable(chunk));
      for (const _ of linesOf(chunk)) rows++;
    }
    const digest = hash.digest('hex');
    const isPurged = purgedRound(ordinal) >= unit.round;
    const expected = isPurged ? emptySha256 : expectedDigest(unit, ordinal, purgedRound(ordinal));
    if (digest !== expected) throw new PartitionDiffers();
    proved.push({ rangeOrdinal: ordinal, rows, digest });
  }
  return proved;
}

/**
 * Detaching takes the whole table for a moment. Who holds it may be waiting for our partition: so it is asked for with less
 * patience than PostgreSQL's own search for deadlocks has, and not at all while somebody waits for us. Nobody is stopped for
 * our sake; the rows can still be deleted range by range.
 * @throws PartitionBusy
 */
async function lockParent(client: pg.PoolClient, { schema, table }: WholeUnit, partition: Partition): Promise<void> {
  const parent = quoteQualified(schema, table);
  for (let tries = 1; tries <= maxParentTries; tries++) {
    if (await isWaitedFor(client, partition)) break;
    await client.query('savepoint parent');
    try {
      await client.query(`set local lock_timeout = '${parentLockMillis}ms'`);
      await client.query(`lock table only ${parent} in access exclusive mode`);
      await client.query(purgeSettings);
      return;
    } catch (error) {
      if (!isAppError(toDatabaseError(error), 'LOCK_TIMEOUT')) throw error;
      await client.query('rollback to savepoint parent');
      await wait(parentPauseMillis);
    }
  }
  throw new PartitionBusy();
}

async function isWaitedFor(client: pg.PoolClient, { schema, table }: Partition): Promise<boolean> {
  const { rows } = await client.query<{ waiting: boolean }>(
    `select exists (select from pg_locks
       where locktype = 'relation' and relation = $1::regclass and not granted
         and database = (select oid from pg_database where datname = current_database())) as waiting`,
    [quoteQualified(schema, table)],
  );
  return rows[0]?.waiting ?? false;
}

async function detach(client: pg.PoolClient, { unit, job }: PurgeWork, { schema, table }: Partition): Promise<void> {
  const name = quoteQualified(schema, table);
  await client.query(`alter table ${quoteQualified(unit.schema, unit.table)} detach partition ${name}`);
  if (job.policy.undoDays === 0) {
    await client.query(`drop table ${name}`);
    return;
  }
  await client.query(`create schema if not exists ${quoteIdentifier(undoSchema)}`);
  await client.query(`alter table ${name} rename to ${quoteIdentifier(undoTableName(unit))}`);
  await client.query(
    `alter table ${quoteQualified(schema, undoTableName(unit))} set schema ${quoteIdentifier(undoSchema)}`,
  );
}
