import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** A side table of the source database in which purged rows wait. */
export interface UndoTable {
  readonly id: number;
  readonly unitId: number;
  readonly source: string;
  readonly schema: string;
  readonly table: string;
  readonly dropAfter: Date;
}

/** Recorded before the first row goes there; again for the same table, the later date counts. */
export async function recordUndoTable(registry: Registry, undo: Omit<UndoTable, 'id' | 'source'>): Promise<void> {
  const { unitId, schema, table, dropAfter } = undo;
  await registry.$executeRaw`
    insert into registry.archive_undo (unit_id, schema_name, table_name, drop_after)
    values (${unitId}, ${schema}, ${table}, ${dropAfter})
    on conflict (unit_id, schema_name, table_name)
      do update set drop_after = greatest(archive_undo.drop_after, excluded.drop_after), dropped_at = null`;
}

/** Side tables whose time is over, of units that nobody holds. */
export async function listUndoTables(
  registry: Registry,
  filter: { readonly dueBefore?: Date },
): Promise<readonly UndoTable[]> {
  const rows = await registry.archiveUndo.findMany({
    where: { droppedAt: null, ...(filter.dueBefore === undefined ? {} : { dropAfter: { lte: filter.dueBefore } }) },
    include: { unit: { include: { table: true } } },
    orderBy: { id: 'asc' },
  });
  return rows.map((row) => ({
    id: safeInteger(row.id),
    unitId: safeInteger(row.unitId),
    source: row.unit.table.source,
    schema: row.schemaName,
    table: row.tableName,
    dropAfter: row.dropAfter,
  }));
}

export async function markUndoDropped(registry: Registry, id: number): Promise<void> {
  await registry.archiveUndo.update({ where: { id }, data: { droppedAt: new Date() } });
}
