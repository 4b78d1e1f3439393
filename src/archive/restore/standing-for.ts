import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { RestoredPart } from './watermark.ts';

/**
 * SHA-256 of a part and of those that were replaced by it row by row: where one of these was restored, its rows are there.
 */
export function standsFor(unit: WholeUnit, part: PartRecord): ReadonlySet<string> {
  const replaced = new Map(unit.replacedParts.map(({ id, sha256 }) => [id, sha256]));
  const known = new Set([part.id]);
  const digests = new Set([part.sha256]);
  // One that stands for another may itself have been replaced, by one that came later.
  for (const { partId, newPartId, isSame } of unit.replacements.toReversed()) {
    const sha256 = replaced.get(partId);
    if (!isSame || newPartId === null || sha256 === undefined || !known.has(newPartId)) continue;
    known.add(partId);
    digests.add(sha256);
  }
  return digests;
}

/** What the target says of a part, under whichever name its rows came. */
export function recordOf(
  restored: readonly RestoredPart[],
  unit: WholeUnit,
  part: PartRecord,
): RestoredPart | undefined {
  const own = restored.find(({ partSha256 }) => partSha256 === part.sha256);
  if (own !== undefined || unit.replacedParts.length === 0) return own;
  const digests = standsFor(unit, part);
  return restored.find(({ partSha256 }) => digests.has(partSha256));
}

/** The records of a unit's other parts. */
export function recordsOfOthers(
  restored: readonly RestoredPart[],
  unit: WholeUnit,
  part: PartRecord,
): readonly RestoredPart[] {
  return unit.parts.flatMap((other) => (other.id === part.id ? [] : (recordOf(restored, unit, other) ?? [])));
}
