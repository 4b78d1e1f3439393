import type pg from 'pg';
import type { SourceColumn } from '../db/column-type.ts';
import { quoteIdentifier, quoteLiteral } from '../db/identifier.ts';
import { inTransaction } from '../db/transaction.ts';
import { step } from '../steps.ts';
import { moreColumn } from './column-names.ts';
import { readKnownColumns, writeKnownColumns } from './known-columns.ts';
import { type KnownColumn, planColumns } from './plan-columns.ts';
import { type DeliveryTable, quoteDeliveryTable, quoteRawTable } from './table-names.ts';

/** A change of shape waits this long for the loads and readers in its way, then is tried again from the queue. */
const lockTimeoutMillis = 30_000;

/**
 * Makes sure that the delivery's table has every column of the file's header, wide enough, and says where each goes.
 * The record of the export's columns is the truth; each delivery's table, and the raw table above it, are brought to it.
 */
export async function prepareColumns(
  pool: pg.Pool,
  target: DeliveryTable,
  header: readonly SourceColumn[],
): Promise<readonly KnownColumn[]> {
  const settled = planColumns(await readKnownColumns(pool, target.exportId), header);
  if (settled.added.length + settled.widened.length === 0 && (await hasShape(pool, target, settled.placed))) {
    return settled.placed;
  }
  return inTransaction(pool, async (client) => {
    await client.query(`set local lock_timeout = ${lockTimeoutMillis}`);
    await lockShape(client, target.exportId);
    const plan = planColumns(await readKnownColumns(client, target.exportId), header);
    const changed = [...plan.added, ...plan.widened];
    if (changed.length > 0) await writeKnownColumns(client, target.exportId, changed);
    const table = (await isAttached(client, target)) ? quoteRawTable(target) : quoteDeliveryTable(target);
    await alignTable(client, table, await readKnownColumns(client, target.exportId));
    step('columns.before-commit', target.deliveryId);
    return plan.placed;
  });
}

/** Changes of shape of one export's tables follow one another. */
export async function lockShape(client: pg.PoolClient, exportId: number): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`billvault:shape:${exportId}`]);
}

/** Adds and widens the columns of one table until it has all of `columns`. Nothing is ever narrowed or dropped. */
export async function alignTable(client: pg.PoolClient, table: string, columns: readonly KnownColumn[]): Promise<void> {
  const present = await readShape(client, table);
  const changes: string[] = [];
  const comments: string[] = [];
  for (const column of columns.filter(({ inMore }) => !inMore)) {
    const name = quoteIdentifier(column.columnName);
    const held = present.get(column.columnName);
    if (held === undefined) {
      changes.push(`add column ${name} ${column.columnType}`);
      if (column.columnName !== column.sourceName)
        comments.push(`comment on column ${table}.${name} is ${quoteLiteral(column.sourceName)}`);
    } else if (held !== column.columnType) {
      changes.push(`alter column ${name} type ${column.columnType} using ${name}::text::${column.columnType}`);
    }
  }
  if (columns.some(({ inMore }) => inMore) && !present.has(moreColumn)) {
    changes.push(`add column ${quoteIdentifier(moreColumn)} jsonb`);
  }
  if (changes.length > 0) await client.query(`alter table ${table} ${changes.join(', ')}`);
  for (const comment of comments) await client.query(comment);
}

async function hasShape(pool: pg.Pool, target: DeliveryTable, placed: readonly KnownColumn[]): Promise<boolean> {
  const present = await readShape(pool, quoteDeliveryTable(target));
  return placed.every((column) =>
    column.inMore ? present.has(moreColumn) : present.get(column.columnName) === column.columnType,
  );
}

const typeNames: Readonly<Record<string, string>> = {
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  'time without time zone': 'time',
};

async function readShape(client: pg.PoolClient | pg.Pool, table: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type
       from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  );
  return new Map(rows.map(({ name, type }) => [name, typeNames[type] ?? type]));
}

async function isAttached(client: pg.PoolClient, target: DeliveryTable): Promise<boolean> {
  const { rowCount } = await client.query('select 1 from pg_inherits where inhrelid = $1::regclass', [
    quoteDeliveryTable(target),
  ]);
  return rowCount === 1;
}
