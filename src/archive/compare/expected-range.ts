import { createHash } from 'node:crypto';
import type { DeletionRecord } from '../../registry/archive/deletion.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';

/** Of no lines at all. */
export const emptySha256 = createHash('sha256').digest('hex');

/** In which round each range was last purged; 0: never. */
export function purgedRounds(deletions: readonly DeletionRecord[]): (rangeOrdinal: number) => number {
  const rounds = new Map<number, number>();
  for (const { state, rangeOrdinal, round } of deletions) {
    if (state === 'COMMITTED') rounds.set(rangeOrdinal, Math.max(round, rounds.get(rangeOrdinal) ?? 0));
  }
  return (rangeOrdinal) => rounds.get(rangeOrdinal) ?? 0;
}

/**
 * The digest that the range's rows in the table must have if nothing changed since they were archived; undefined where
 * more than one part holds rows of it, or some have departed: then rows are compared one by one.
 */
export function expectedDigest(unit: WholeUnit, rangeOrdinal: number, purgedRound: number): string | undefined {
  if (unit.departed.some((row) => row.rangeOrdinal === rangeOrdinal && row.round > purgedRound)) return undefined;
  const live = unit.parts
    .filter(({ round }) => round > purgedRound)
    .flatMap(({ ranges }) => ranges.filter(({ ordinal }) => ordinal === rangeOrdinal));
  if (live.length > 1) return undefined;
  return live[0]?.sha256 ?? emptySha256;
}

/**
 * Whether rows of every part count as archived, also of those whose rows were purged before. In a table without a key a
 * row equal to a purged one is another row, unless a restore has put it back.
 */
export function countsPurgedRows(unit: WholeUnit): boolean {
  return unit.keyColumns.length > 0 || unit.keepUntil !== null;
}
