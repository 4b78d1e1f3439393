import type pg from 'pg';
import { quoteIdentifier, quoteQualified } from '../../db/identifier.ts';
import { withConnection } from '../../db/pool.ts';
import { recordUndoTable } from '../../registry/archive/undo.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import type { PurgeWork } from './purge-ranges.ts';

/** In the source database; made with the first undo table. */
export const undoSchema = 'billvault_undo';
const dayMillis = 86_400_000;

/** One table for what one round of a unit purged. */
export function undoTableName({ id, round }: Pick<WholeUnit, 'id' | 'round'>): string {
  return `unit_${id}_round_${round}`;
}

/** In the registry before it is in the source, so that no undo table is ever forgotten. */
export async function recordUndo({ context, job, unit }: PurgeWork): Promise<void> {
  const dropAfter = new Date(context.now().getTime() + job.policy.undoDays * dayMillis);
  const place = { schema: undoSchema, table: undoTableName(unit) };
  await recordUndoTable(context.registry, { unitId: unit.id, ...place, dropAfter });
}

/**
 * The side table in which this unit's purged rows wait; undefined where the policy has no undo window.
 * @returns its quoted name
 */
export async function prepareUndoTable(work: PurgeWork): Promise<string | undefined> {
  const { job, unit } = work;
  if (job.policy.undoDays === 0) return undefined;
  await recordUndo(work);
  const name = quoteQualified(undoSchema, undoTableName(unit));
  await withConnection(job.pool, (client) => createLike(client, unit, name));
  return name;
}

/** Whether rows of this round wait there already. */
export async function hasUndoTable({ job, unit }: PurgeWork): Promise<boolean> {
  return withConnection(job.pool, async (client) => {
    const { rows } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
      quoteQualified(undoSchema, undoTableName(unit)),
    ]);
    return rows[0]?.found === true;
  });
}

/** Columns and types alone: no index, no default and no check has a say in what waits there. */
async function createLike(client: pg.PoolClient, { schema, table }: WholeUnit, name: string): Promise<void> {
  await client.query(`create schema if not exists ${quoteIdentifier(undoSchema)}`);
  await client.query(
    `create table if not exists ${name} as select * from ${quoteQualified(schema, table)} with no data`,
  );
}
