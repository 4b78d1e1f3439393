import type pg from 'pg';
import { quoteIdentifier } from '../db/identifier.ts';
import { inTransaction } from '../db/transaction.ts';
import { step } from '../steps.ts';
import { lockShape } from './prepare-columns.ts';
import { type DeliveryTable, quoteDeliveryTable, schemaOf } from './table-names.ts';

const lockTimeoutMillis = 5_000;

export type DropOutcome = 'dropped' | 'already-gone' | 'is-published';

/**
 * Drops the table of a superseded (or never published) delivery, and what was known of its files. A published one stays,
 * whatever the registry believes.
 */
export async function dropDelivery(pool: pg.Pool, target: DeliveryTable): Promise<DropOutcome> {
  step('drop.before', target.deliveryId);
  const outcome = await inTransaction(pool, async (client): Promise<DropOutcome> => {
    await client.query(`set local lock_timeout = ${lockTimeoutMillis}`);
    await lockShape(client, target.exportId);
    const { rowCount } = await client.query(
      `update billvault.delivery_table set state = 'DROPPED', dropped_at = now()
        where delivery_id = $1 and state in ('SUPERSEDED', 'LOADING')`,
      [target.deliveryId],
    );
    if (rowCount !== 1) return (await isPublished(client, target)) ? 'is-published' : 'already-gone';
    await client.query(`drop table ${quoteDeliveryTable(target)}`);
    await client.query('delete from billvault.loaded_file where delivery_id = $1', [target.deliveryId]);
    step('drop.before-commit', target.deliveryId);
    return 'dropped';
  });
  if (outcome === 'dropped') step('drop.after-commit', target.deliveryId);
  return outcome;
}

async function isPublished(client: pg.PoolClient, { deliveryId }: DeliveryTable): Promise<boolean> {
  const { rowCount } = await client.query(
    `select 1 from billvault.delivery_table where delivery_id = $1 and state = 'PUBLISHED'`,
    [deliveryId],
  );
  return rowCount === 1;
}

/** Everything of one client, gone: its schema and our record of it. */
export async function dropClient(pool: pg.Pool, client: string): Promise<void> {
  const schema = schemaOf(client);
  await inTransaction(pool, async (connection) => {
    await connection.query(`set local lock_timeout = ${lockTimeoutMillis}`);
    await connection.query(`drop schema if exists ${quoteIdentifier(schema)} cascade`);
    await connection.query('delete from billvault.raw_table where schema_name = $1', [schema]);
  });
}
