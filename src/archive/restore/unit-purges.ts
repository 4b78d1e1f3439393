import { listDeletions } from '../../registry/archive/deletion.ts';
import type { Registry } from '../../registry/registry.ts';
import type { UnitPurges } from './restore-part.ts';

/** What was purged of a unit so far. */
export async function unitPurges(registry: Registry, unitId: number): Promise<UnitPurges> {
  const committed = (await listDeletions(registry, { unitId })).filter(({ state }) => state === 'COMMITTED');
  const byRange = new Map<number, { readonly id: number; readonly round: number }>();
  for (const { id, round, rangeOrdinal } of committed) {
    if (round >= (byRange.get(rangeOrdinal)?.round ?? 0)) byRange.set(rangeOrdinal, { id, round });
  }
  return { newest: committed.reduce((newest, { id }) => Math.max(newest, id), 0), byRange };
}
