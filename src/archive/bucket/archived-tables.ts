import { listStoredTables } from '../../registry/archive/expiry.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ArchivedTable } from './archived-table.ts';

/**
 * Tables with parts in the bucket, whether a policy names them still or not, with the longest that any part is locked. A
 * table that policies will archive differently from now on is to be named a second time, by `archivedTable`: the bucket's
 * rules keep what lasts longer.
 */
export async function archivedTables(registry: Registry): Promise<readonly ArchivedTable[]> {
  const tables = await listStoredTables(registry);
  return tables.map((table) => ({ ...table, storedLockDays: Math.max(0, table.storedLockDays) }));
}
