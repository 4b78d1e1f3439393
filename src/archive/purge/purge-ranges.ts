import type { UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import { ArchivedRows } from '../compare/archived-rows.ts';
import type { ComparableLines } from '../compare/comparable-lines.ts';
import { expectedDigest } from '../compare/expected-range.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';
import type { UnitQuery } from '../export/unit-query.ts';
import { openPartLines } from '../verify/open-part-lines.ts';
import { prepareUndoTable } from './prepare-undo-table.ts';
import { type Expected, purgeRange } from './purge-range.ts';
import { requireNoHold } from './require-no-hold.ts';

/** What the steps of one unit's purge share. */
export interface PurgeWork {
  readonly context: ArchiveContext;
  readonly job: UnitJob;
  readonly unit: WholeUnit;
  readonly query: UnitQuery;
  readonly comparable: ComparableLines;
  /** In which round a range was last purged; 0: never. */
  readonly purgedRound: (rangeOrdinal: number) => number;
}

/** `changed`: rows were met that are not archived; they were left alone and want a further part. */
export type PurgeOutcome =
  | { readonly kind: 'purged'; readonly rows: number }
  | { readonly kind: 'changed'; readonly rows: number; readonly ranges: readonly number[] };

/** Range by range: first by their digests, then, of those that differ, row by row against what is in the bucket. */
export async function purgeRanges(work: PurgeWork): Promise<PurgeOutcome> {
  const { job, unit, purgedRound } = work;
  const undoTable = await prepareUndoTable(work);
  let purged = 0;
  const differing: UnitRange[] = [];
  for (const range of unit.ranges.filter(({ ordinal }) => purgedRound(ordinal) < unit.round)) {
    const sha256 = expectedDigest(unit, range.ordinal, purgedRound(range.ordinal));
    const rows =
      sha256 === undefined
        ? undefined
        : await purgeOne(work, { range, undoTable, expected: { kind: 'digest', sha256 } });
    if (rows === undefined) differing.push(range);
    else purged += rows;
  }
  if (differing.length === 0) return { kind: 'purged', rows: purged };
  await using archived = new ArchivedRows({
    unit,
    purgedRound,
    openLines: (part) => openPartLines(job.verifierStore, part, job.signal),
  });
  const changed: number[] = [];
  for (const range of differing) {
    const rows = await purgeOne(work, {
      range,
      undoTable,
      expected: { kind: 'rows', ...(await archived.range(range.ordinal)) },
    });
    if (rows === undefined) changed.push(range.ordinal);
    else purged += rows;
  }
  return changed.length === 0 ? { kind: 'purged', rows: purged } : { kind: 'changed', rows: purged, ranges: changed };
}

interface OneRange {
  readonly range: UnitRange;
  readonly undoTable: string | undefined;
  readonly expected: Expected;
}

/** @returns how many rows were deleted; undefined when there are others than those archived */
async function purgeOne(
  { context, job, unit, query, comparable }: PurgeWork,
  one: OneRange,
): Promise<number | undefined> {
  await requireNoHold(context, unit);
  const begunAt = performance.now();
  const outcome = await purgeRange(context, { job, unit, query, comparable, ...one });
  await job.throttle.after({ rows: outcome.rows, workedMillis: performance.now() - begunAt }, job.signal);
  return outcome.kind === 'purged' ? outcome.rows : undefined;
}
