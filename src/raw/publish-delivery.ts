import type pg from 'pg';
import { quoteIdentifier, quoteQualified } from '../db/identifier.ts';
import { inTransaction } from '../db/transaction.ts';
import { AppError } from '../errors.ts';
import { step } from '../steps.ts';
import { fileIdColumn, rowColumn } from './column-names.ts';
import { readKnownColumns } from './known-columns.ts';
import { alignTable, lockShape } from './prepare-columns.ts';
import { type DeliveryTable, quoteDeliveryTable, quoteRawTable } from './table-names.ts';

/**
 * The swap waits this long for readers in its way, then gives up and is tried again: longer, and every new reader would
 * queue behind it.
 */
const lockTimeoutMillis = 5_000;

export interface PublishOptions {
  /** True: make an older delivery current again, as a person asked. Otherwise a newer one stays where it is. */
  readonly allowOlder: boolean;
}

export type PublishOutcome = 'published' | 'already-published' | 'newer-is-published';

/**
 * Makes a whole delivery the current one of its period: attaches its table to the raw table and detaches the one before,
 * in one transaction. Readers of the raw table see the one or the other, never both and never neither.
 * @throws AppError LOCK_TIMEOUT when readers hold the table for too long, NOT_FOUND when the delivery has no table
 */
export async function publishDelivery(
  pool: pg.Pool,
  target: DeliveryTable,
  options: PublishOptions,
): Promise<PublishOutcome> {
  await indexTable(pool, target);
  step('publish.before', target.deliveryId);
  const outcome = await inTransaction(pool, (client) => swap(client, target, options));
  if (outcome === 'published') step('publish.after-commit', target.deliveryId);
  return outcome;
}

/** Every row is traced by its file: a block-range index on it costs next to nothing once the rows lie still. */
async function indexTable(pool: pg.Pool, target: DeliveryTable): Promise<void> {
  const index = `${target.deliveryTable}_file`;
  const table = quoteDeliveryTable(target);
  await inTransaction(pool, async (client) => {
    await lockShape(client, target.exportId);
    await readState(client, target);
    const { rowCount } = await client.query('select 1 where to_regclass($1) is not null', [
      quoteQualified(target.schema, index),
    ]);
    if (rowCount === 1) return;
    await client.query(`create index ${quoteIdentifier(index)} on ${table} using brin (${fileIdColumn}, ${rowColumn})`);
  });
}

async function swap(
  client: pg.PoolClient,
  target: DeliveryTable,
  { allowOlder }: PublishOptions,
): Promise<PublishOutcome> {
  await client.query(`set local lock_timeout = ${lockTimeoutMillis}`);
  await lockShape(client, target.exportId);
  const state = await readState(client, target);
  if (state === 'PUBLISHED') return 'already-published';
  const current = await readCurrent(client, target);
  if (current !== undefined && current.deliveryId > target.deliveryId && !allowOlder) return 'newer-is-published';

  const columns = await readKnownColumns(client, target.exportId);
  await alignTable(client, quoteDeliveryTable(target), columns);
  await alignTable(client, quoteRawTable(target), columns);
  if (current !== undefined) await detach(client, target, current);
  await client.query(
    `alter table ${quoteRawTable(target)} attach partition ${quoteDeliveryTable(target)} for values in (${target.deliveryId})`,
  );
  step('publish.attached', target.deliveryId);
  await client.query(
    `update billvault.delivery_table set state = 'PUBLISHED', published_at = now(), superseded_at = null where delivery_id = $1`,
    [target.deliveryId],
  );
  return 'published';
}

async function readState(client: pg.PoolClient, target: DeliveryTable): Promise<string> {
  const { rows } = await client.query<{ state: string }>(
    'select state from billvault.delivery_table where delivery_id = $1 for update',
    [target.deliveryId],
  );
  const state = rows[0]?.state;
  if (state === undefined || state === 'DROPPED') {
    throw new AppError('NOT_FOUND', `delivery ${target.deliveryId} has no table any more: it was dropped`);
  }
  return state;
}

interface Current {
  readonly deliveryId: number;
  readonly table: string;
}

async function readCurrent(client: pg.PoolClient, target: DeliveryTable): Promise<Current | undefined> {
  const { rows } = await client.query<{ delivery_id: string; table_name: string }>(
    `select delivery_id, table_name from billvault.delivery_table
      where export_id = $1 and period_start = $2 and state = 'PUBLISHED' for update`,
    [target.exportId, target.periodStart],
  );
  return rows[0] && { deliveryId: Number(rows[0].delivery_id), table: rows[0].table_name };
}

async function detach(client: pg.PoolClient, target: DeliveryTable, current: Current): Promise<void> {
  const table = quoteQualified(target.schema, current.table);
  await client.query(`alter table ${quoteRawTable(target)} detach partition ${table}`);
  await client.query(
    `update billvault.delivery_table set state = 'SUPERSEDED', superseded_at = now() where delivery_id = $1`,
    [current.deliveryId],
  );
}
