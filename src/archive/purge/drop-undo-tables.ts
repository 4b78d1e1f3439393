import { quoteQualified } from '../../db/identifier.ts';
import { toAppError } from '../../errors.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { listUndoTables, markUndoDropped, type UndoTable } from '../../registry/archive/undo.ts';
import { recordAudit } from '../../registry/audit.ts';
import type { ArchiveContext } from '../context.ts';
import { inSourceTransaction } from '../source/source-transaction.ts';
import { purgeSettings } from './purge-settings.ts';
import { requireNoHold } from './require-no-hold.ts';

/** Drops the side tables whose undo window is over; one that is held, or out of reach, waits for the next time. */
export async function dropUndoTables(context: ArchiveContext, actor: string): Promise<number> {
  let dropped = 0;
  for (const undo of await listUndoTables(context.registry, { dueBefore: context.now() })) {
    try {
      await dropOne(context, undo, actor);
      dropped++;
    } catch (error) {
      const { code, message } = toAppError(error);
      context.log.warn({ table: `${undo.schema}.${undo.table}`, code, err: message }, 'undo table not dropped');
    }
  }
  return dropped;
}

async function dropOne(context: ArchiveContext, undo: UndoTable, actor: string): Promise<void> {
  const { registry, sources } = context;
  await requireNoHold(context, await findUnit(registry, undo.unitId));
  const { pool } = await sources.open(undo.source);
  await inSourceTransaction(pool, async (client) => {
    await client.query(purgeSettings);
    await client.query(`drop table if exists ${quoteQualified(undo.schema, undo.table)}`);
  });
  await markUndoDropped(registry, undo.id);
  const detail = { source: undo.source, table: `${undo.schema}.${undo.table}` };
  await recordAudit(registry, { actor, action: 'undo.dropped', subject: `unit/${undo.unitId}`, detail });
}
