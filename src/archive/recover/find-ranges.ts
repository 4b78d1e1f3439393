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
 * @throws AppError FILE_COLD, FILE_MISSING, PARQUET_INVALID, or transient
 */
export async function findRanges(context: ArchiveContext, job: UnitJob, unit: WholeUnit): Promise<void> {
  if (unit.ranges.length > 0 || unit.recoveredRound === null || unit.parts.length === 0) return;
  const { registry } = context;
  const first = unit.parts.filter(({ round }) => round === 1);
  const definitions = (await findDefinitions(
    registry,
    first.map(({ definitionSha256 }) => definitionSha256),
  )) as unknown as ReadonlyMap<string, TableDefinition>;
  const bounds: UnitRange[] = [];
  for (const part of first) {
    const definition = definitions.get(part.definitionSha256);
    if (definition !== undefined) bounds.push(...(await boundsOf(job, { unit, part, definition })));
  }
  const last = Math.max(1, ...bounds.map(({ ordinal }) => ordinal));
  // The last one is open: whatever comes later into the month belongs to it.
  await setRanges(registry, unit.id, [
    ...bounds.filter(({ ordinal }) => ordinal < last),
    { ordinal: last, upper: null },
  ]);
}

interface Reading {
  readonly unit: WholeUnit;
  readonly part: PartRecord;
  readonly definition: TableDefinition;
}

async function boundsOf(
  { verifierStore, signal }: UnitJob,
  { unit: { timeColumn, keyColumns }, part, definition }: Reading,
): Promise<readonly UnitRange[]> {
  const { boundOf } = lineKey(definition, { timeColumn, keyColumns });
  const bounds: UnitRange[] = [];
  let rowsLeft = part.ranges[0]?.rows ?? 0;
  for await (const chunk of openPartLines(verifierStore, part, signal)) {
    for (const line of linesOf(chunk)) {
      rowsLeft--;
      const range = part.ranges[bounds.length];
      if (rowsLeft > 0 || range === undefined) continue;
      bounds.push({ ordinal: range.ordinal, upper: boundOf(line) });
      rowsLeft = part.ranges[bounds.length]?.rows ?? 0;
    }
  }
  return bounds;
}
