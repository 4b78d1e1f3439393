import { findDefinitions } from '../../registry/archive/definition.ts';
import { setRanges } from '../../registry/archive/part-states.ts';
import type { PartRecord, UnitRange, WholeUnit } from '../../registry/archive/unit-record.ts';
import { linesOf } from '../compare/row-set.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { lineKey } from '../source/line-key.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { openPartLines } from '../verify/open-part-lines.ts';

/**
 * The ranges of a unit that was recovered: manifests say how many rows each has, and the last of them in the stored part is
 * its upper bound, which is no business of a manifest's. A unit that has its ranges stays as it is.
 * @throws AppError FILE_COLD, FILE_MISSING, PROOF_FAILED, or transient
 */
export async function findRanges(context: ArchiveContext, job: UnitJob, unit: WholeUnit): Promise<void> {
  if (unit.ranges.length > 0 || unit.recoveredRound === null || unit.parts.length === 0) return;
  const { registry } = context;
  const holding = partsWithBounds(unit);
  const definitions = (await findDefinitions(
    registry,
    holding.map(({ definitionSha256 }) => definitionSha256),
  )) as unknown as ReadonlyMap<string, TableDefinition>;
  const bounds = new Map<number, readonly string[]>();
  for (const part of holding) {
    const definition = definitions.get(part.definitionSha256);
    if (definition === undefined) continue;
    for (const [ordinal, upper] of await boundsOf(job, { unit, part, definition })) bounds.set(ordinal, upper);
  }
  await setRanges(registry, unit.id, rangesUpTo(Math.max(1, ...bounds.keys()), bounds));
}

/** Of the first round, which cut the unit into ranges; before them those that hold what replaced parts of it held. */
function partsWithBounds({ parts, replacements }: WholeUnit): readonly PartRecord[] {
  const repairs = new Set(replacements.map(({ round }) => round));
  return [...parts.filter(({ round }) => round > 1 && repairs.has(round)), ...parts.filter(({ round }) => round === 1)];
}

/**
 * One after the other, without a gap. A range of which nothing is left is empty: it ends where the one before it does, or
 * the first one that has an end.
 */
function rangesUpTo(last: number, bounds: ReadonlyMap<number, readonly string[]>): readonly UnitRange[] {
  let before = bounds.get(Math.min(...bounds.keys())) ?? null;
  return Array.from({ length: last }, (_, i) => {
    before = bounds.get(i + 1) ?? before;
    // The last one is open: whatever comes later into the month belongs to it.
    return { ordinal: i + 1, upper: i + 1 === last ? null : before };
  });
}

interface Reading {
  readonly unit: WholeUnit;
  readonly part: PartRecord;
  readonly definition: TableDefinition;
}

async function boundsOf(
  { verifierStore, signal }: UnitJob,
  { unit: { timeColumn, keyColumns }, part, definition }: Reading,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const { boundOf } = lineKey(definition, { timeColumn, keyColumns });
  const bounds = new Map<number, readonly string[]>();
  let index = 0;
  let rowsLeft = part.ranges[0]?.rows ?? 0;
  for await (const chunk of openPartLines(verifierStore, part, signal)) {
    for (const line of linesOf(chunk)) {
      rowsLeft--;
      const range = part.ranges[index];
      if (rowsLeft > 0 || range === undefined) continue;
      bounds.set(range.ordinal, boundOf(line));
      rowsLeft = part.ranges[++index]?.rows ?? 0;
    }
  }
  return bounds;
}
