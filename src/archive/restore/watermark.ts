import type pg from 'pg';
import { withConnection } from '../../db/pool.ts';
import type { CountedRow } from '../compare/row-set.ts';
import type { TableName } from '../source/table-definition.ts';

/**
 * Which parts are in the target, in the target's own database: written in the transaction of the rows, so that after a
 * crash nobody has to guess. The registry follows it.
 */
const watermarkTable = 'billvault_restore.restored_part';

/** A part that was restored into a table before. */
export interface RestoredPart {
  readonly partSha256: string;
  /** Which restore it was: its number and when it was asked for, as a registry made anew counts from 1 again. */
  readonly restore: string;
  readonly rows: number;
  /** Departed rows that were left out. */
  readonly leftOut: readonly CountedRow[];
  /** The last purge of the unit before it; a later one has deleted these rows again. */
  readonly lastDeletion: number;
}

const create = [
  'create schema if not exists billvault_restore',
  `create table if not exists ${watermarkTable} (
    target text not null,
    part_sha256 text not null,
    restore text not null,
    rows bigint not null,
    left_out jsonb not null,
    last_deletion bigint not null,
    restored_at timestamptz not null default now(),
    primary key (target, part_sha256))`,
] as const;

const lockNumber = `hashtextextended('billvault:restore:watermark', 0)`;

/** Makes the table where it is absent. */
export async function prepareWatermark(pool: pg.Pool): Promise<void> {
  await withConnection(pool, async (client) => {
    if (await hasWatermark(client)) return;
    await client.query('begin');
    try {
      // Two that create it at once would meet each other's name.
      await client.query(`select pg_advisory_xact_lock(${lockNumber})`);
      for (const statement of create) await client.query(statement);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  });
}

async function hasWatermark(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    watermarkTable,
  ]);
  return rows[0]?.found === true;
}

/** What is in this table already; nothing where nothing was ever restored. */
export async function readWatermark(client: pg.ClientBase, target: TableName): Promise<readonly RestoredPart[]> {
  if (!(await hasWatermark(client))) return [];
  const { rows } = await client.query<RestoredPart>(
    `select part_sha256 as "partSha256", restore, rows::float8 as rows, left_out as "leftOut",
            last_deletion::float8 as "lastDeletion"
       from ${watermarkTable} where target = $1`,
    [targetText(target)],
  );
  return rows;
}

/** In the transaction that brings the rows. */
export async function writeWatermark(client: pg.ClientBase, target: TableName, part: RestoredPart): Promise<void> {
  const { partSha256, restore, rows, leftOut, lastDeletion } = part;
  await client.query(
    `insert into ${watermarkTable} (target, part_sha256, restore, rows, left_out, last_deletion)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (target, part_sha256) do update
       set restore = excluded.restore, rows = excluded.rows, left_out = excluded.left_out,
           last_deletion = excluded.last_deletion, restored_at = now()`,
    [targetText(target), partSha256, restore, rows, JSON.stringify(leftOut), lastDeletion],
  );
}

/** A table that is made anew holds nothing, whatever another one of its name did. */
export async function clearWatermark(client: pg.ClientBase, target: TableName): Promise<void> {
  await client.query(`delete from ${watermarkTable} where target = $1`, [targetText(target)]);
}

function targetText({ schema, table }: TableName): string {
  return JSON.stringify([schema, table]);
}
