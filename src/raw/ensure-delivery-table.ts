import type pg from 'pg';
import { quoteIdentifier } from '../db/identifier.ts';
import { inTransaction } from '../db/transaction.ts';
import { deliveryIdColumn, fileIdColumn, rowColumn } from './column-names.ts';
import { readKnownColumns } from './known-columns.ts';
import { alignTable, lockShape } from './prepare-columns.ts';
import { type DeliveryTable, quoteDeliveryTable, quoteRawTable } from './table-names.ts';

/** The session setting from which `_file_id` takes its value during a load. */
export const fileIdSetting = 'billvault.file_id';

/**
 * Makes the client's schema, the export's raw table and the delivery's own table, whichever is not there yet. The
 * delivery's table is invisible in the raw table until it is published.
 */
export async function ensureDeliveryTable(pool: pg.Pool, target: DeliveryTable): Promise<void> {
  if (await isThere(pool, target)) return;
  await inTransaction(pool, async (client) => {
    await lockShape(client, target.exportId);
    await createRawTable(client, target);
    await createDeliveryTable(client, target);
  });
}

async function isThere(pool: pg.Pool, target: DeliveryTable): Promise<boolean> {
  const { rowCount } = await pool.query('select 1 from billvault.delivery_table where delivery_id = $1', [
    target.deliveryId,
  ]);
  return rowCount === 1;
}

async function createRawTable(client: pg.PoolClient, target: DeliveryTable): Promise<void> {
  const registered = await client.query(
    `insert into billvault.raw_table (export_id, schema_name, table_name) values ($1, $2, $3) on conflict (export_id) do nothing`,
    [target.exportId, target.schema, target.table],
  );
  if (registered.rowCount === 0) return;
  await client.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`billvault:schema:${target.schema}`]);
  await client.query(`create schema if not exists ${quoteIdentifier(target.schema)}`);
  await client.query(`create table ${quoteRawTable(target)} (
    ${deliveryIdColumn} bigint not null,
    ${fileIdColumn} bigint not null,
    ${rowColumn} bigint not null
  ) partition by list (${deliveryIdColumn})`);
}

async function createDeliveryTable(client: pg.PoolClient, target: DeliveryTable): Promise<void> {
  const registered = await client.query(
    `insert into billvault.delivery_table (delivery_id, export_id, period_start, schema_name, table_name)
     values ($1, $2, $3, $4, $5) on conflict (delivery_id) do nothing`,
    [target.deliveryId, target.exportId, target.periodStart, target.schema, target.deliveryTable],
  );
  if (registered.rowCount === 0) return;
  // The check is what lets the publish attach the table without reading it.
  await client.query(`create table ${quoteDeliveryTable(target)} (
    ${deliveryIdColumn} bigint not null default ${target.deliveryId} check (${deliveryIdColumn} = ${target.deliveryId}),
    ${fileIdColumn} bigint not null default current_setting('${fileIdSetting}')::bigint,
    ${rowColumn} bigint not null
  )`);
  await alignTable(client, quoteDeliveryTable(target), await readKnownColumns(client, target.exportId));
}
