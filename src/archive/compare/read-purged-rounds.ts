import { type DeletionRecord, listDeletions } from '../../registry/archive/deletion.ts';
import { listReturnedParts } from '../../registry/archive/restore.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import type { Registry } from '../../registry/registry.ts';
import { purgedRounds } from './expected-range.ts';

/**
 * In which round each range was last purged, 0: never. Rows that a restore has put back since count as never purged: whoever
 * deletes or changes one of them now is noticed, and no later restore brings it back.
 */
export async function readPurgedRounds(registry: Registry, unit: WholeUnit): Promise<(rangeOrdinal: number) => number> {
  const deletions = await listDeletions(registry, { unitId: unit.id });
  const returned = await listReturnedParts(registry, unit.id);
  return purgedRounds(deletions.filter((deletion) => !isReturned(unit, returned, deletion)));
}

/** Every part that the purge took rows of is back. A round that is under way purges no range twice. */
function isReturned(
  { parts, round }: WholeUnit,
  returned: ReadonlyMap<number, number>,
  deletion: Pick<DeletionRecord, 'id' | 'round' | 'rangeOrdinal'>,
): boolean {
  const purged = parts.filter(
    (part) => part.round <= deletion.round && part.ranges.some(({ ordinal }) => ordinal === deletion.rangeOrdinal),
  );
  return deletion.round < round && purged.every(({ id }) => (returned.get(id) ?? -1) >= deletion.id);
}
