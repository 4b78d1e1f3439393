import type { RetentionWish } from '../../registry/archive/retention.ts';
import { listTableNames } from '../../registry/archive/selection.ts';
import type { Registry } from '../../registry/registry.ts';
import { assignTables, tableKey } from '../policy/assign-tables.ts';
import type { Policy } from '../policy/policy.ts';

/** What these policies want of every table that is archived already. Those that are refused want nothing. */
export async function retentionWishes(
  registry: Registry,
  { policies, deny }: { readonly policies: readonly Policy[]; readonly deny: readonly string[] },
): Promise<readonly RetentionWish[]> {
  const tables = await listTableNames(registry);
  const ids = new Map(tables.map((table) => [tableKey(table), table.id]));
  return assignTables({ policies, deny, tables }).flatMap(({ policy, tables: reached, refusal }) => {
    if (refusal !== undefined) return [];
    const { name, mode, retentionYears: years, classification, lockMode } = policy;
    return reached.flatMap((table): readonly RetentionWish[] => {
      const tableId = ids.get(tableKey(table));
      return tableId === undefined ? [] : [{ tableId, mode, policy: name, years, classification, lockMode }];
    });
  });
}
