import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import type { TableDefinition } from '../source/table-definition.ts';

/**
 * By which a row of the target is told from another: its primary key, or else a unique key of the columns by which the
 * unit's rows were told apart. Empty: rows have no identity there.
 */
export function conflictKey(
  { primaryKey, uniqueKeys }: Pick<TableDefinition, 'primaryKey' | 'uniqueKeys'>,
  { timeColumn, keyColumns }: Pick<UnitRecord, 'timeColumn' | 'keyColumns'>,
): readonly string[] {
  if (primaryKey.length > 0) return primaryKey;
  if (keyColumns.length === 0) return [];
  const known = new Set([...(timeColumn === null ? [] : [timeColumn]), ...keyColumns]);
  return uniqueKeys.find((columns) => columns.every((name) => known.has(name))) ?? [];
}
