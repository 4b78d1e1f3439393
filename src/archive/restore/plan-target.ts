import type { Registry } from '../../registry/registry.ts';
import { count } from '../plan/reason.ts';
import { definitionDdl } from '../source/definition-ddl.ts';
import type { Source } from '../source/open-source.ts';
import { inSnapshot } from '../source/source-transaction.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { archivedDefinition } from './archived-definition.ts';
import { conflictKey } from './conflict-key.ts';
import { countMonth } from './count-month.ts';
import { findTarget } from './ensure-target.ts';
import { listInsertTriggers } from './insert-triggers.ts';
import { mapColumns, type SchemaDifference } from './map-columns.ts';
import { isThere } from './restore-part.ts';
import type { RestoreRequest } from './restore-request.ts';
import type { SelectedUnit } from './select-parts.ts';
import { recordOf } from './standing-for.ts';
import { isInPlace, type TargetTable } from './target-table.ts';
import { unitPurges } from './unit-purges.ts';
import { readWatermark } from './watermark.ts';

export interface PlanTarget {
  readonly request: RestoreRequest;
  readonly target: TargetTable;
  readonly units: readonly SelectedUnit[];
  readonly database: Source;
  readonly registry: Registry;
}

/** What the target's database says of a restore into one of its tables. */
export interface TargetFacts {
  readonly isNew: boolean;
  /** Ids of parts that are there already, and the name of the restore that brought each. */
  readonly there: ReadonlyMap<number, string>;
  readonly differences: readonly SchemaDifference[];
  readonly notes: readonly string[];
  readonly refusals: readonly string[];
}

/** Reads only; in one snapshot. */
export async function planTarget(options: PlanTarget): Promise<TargetFacts> {
  const { target, units, database, registry } = options;
  const shas = [...new Set(units.flatMap(({ parts }) => parts.map((part) => part.definitionSha256)))];
  const archived = await Promise.all(shas.map((sha256) => archivedDefinition(registry, sha256)));
  return inSnapshot(database.pool, async (client): Promise<TargetFacts> => {
    const now = await findTarget(client, target);
    if (now === undefined) return factsOfNew(options, archived);
    const there = await partsThere(options, await readWatermark(client, target));
    const differences = withoutRepeats(
      archived.flatMap((one) => mapColumns(one, now, options.request.droppedColumns).differences),
    );
    const triggers = await listInsertTriggers(client, target);
    const notes: string[] = triggers.map((name) => `trigger ${name} of the target sees every restored row`);
    for (const { unit, parts } of units) {
      if (parts.every(({ id }) => there.has(id))) continue;
      const rows = await countMonth(client, now, unit);
      if (rows > 0) notes.push(`the target has ${count(rows)} rows of ${unit.month} already`);
    }
    const refusals = differences.flatMap(({ refusal }) => (refusal === null ? [] : [refusal]));
    return { isNew: false, there, differences, notes, refusals: [...refusals, ...keyRefusals(options, now)] };
  });
}

function factsOfNew({ target }: PlanTarget, archived: readonly TableDefinition[]): TargetFacts {
  const newest = archived.at(-1);
  const notes = newest === undefined ? [] : definitionDdl(newest, target).notes;
  const differences = withoutRepeats(
    newest === undefined ? [] : archived.flatMap((one) => mapColumns(one, newest, 'extra').differences),
  );
  return { isNew: true, there: new Map(), differences, notes, refusals: [] };
}

function keyRefusals({ request, units, target }: PlanTarget, now: TableDefinition): readonly string[] {
  const isKeyless = units.some(({ unit }) => conflictKey(now, unit).length === 0);
  if (!isKeyless || request.conflict === 'fail') return [];
  return [
    `${target.schema}.${target.table} has no primary key: rows cannot be told apart, so there is nothing to ${request.conflict}; restore with conflict "fail", or into another table`,
  ];
}

async function partsThere(
  { units, target, request, registry }: PlanTarget,
  restored: Awaited<ReturnType<typeof readWatermark>>,
): Promise<ReadonlyMap<number, string>> {
  const there = new Map<number, string>();
  for (const { unit, parts } of units) {
    const purges = isInPlace(target, unit)
      ? await unitPurges(registry, unit.id)
      : { newest: 0, byRange: new Map<number, never>() };
    for (const part of parts) {
      const before = recordOf(restored, unit, part);
      // No restore has this name: only what earlier ones did counts.
      if (before !== undefined && isThere({ purges, request, restore: '' }, before)) there.set(part.id, before.restore);
    }
  }
  return there;
}

function withoutRepeats(differences: readonly SchemaDifference[]): readonly SchemaDifference[] {
  return [...new Map(differences.map((difference) => [difference.text, difference])).values()];
}
