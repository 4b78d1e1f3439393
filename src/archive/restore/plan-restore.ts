import { AppError } from '../../errors.ts';
import type { ArchiveContext } from '../context.ts';
import { isReplica, replicaAdvice } from '../source/replica.ts';
import { lookAtObjects, type PartPlace } from './look-at-objects.ts';
import { planClasses } from './plan-classes.ts';
import { planTarget, type TargetFacts } from './plan-target.ts';
import type { PlannedPart, RestorePlan, RestoreTablePlan } from './restore-plan.ts';
import type { RestoreRequest } from './restore-request.ts';
import { refusalOfNothing, skippedNotes, type TableRestoredBefore } from './restored-before.ts';
import { type SelectedUnit, selectParts } from './select-parts.ts';
import { targetOf } from './target-table.ts';

/**
 * What a restore would do, as a value; nothing is changed, and nothing is asked of the bucket but where its objects lie.
 * @throws AppError NOT_FOUND when nothing is selected, BAD_INPUT when several tables were to go into one
 */
export async function planRestore(
  context: ArchiveContext,
  request: RestoreRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<RestorePlan> {
  const selected = await selectParts(context.registry, request);
  const database = await context.sources.open(request.target.source ?? request.source);
  const byTable = [...Map.groupBy(selected, ({ unit }) => unit.tableId).values()];
  requireOneTable(request, byTable.length);
  await using store = context.openStore('verifier');
  const places = await lookAtObjects(
    store,
    selected.flatMap(({ parts }) => parts),
    signal,
  );
  const tables: RestoreTablePlan[] = [];
  const refusals: string[] = [];
  if (await isReplica(database.pool)) {
    refusals.push(`${database.name} is a read-only replica: nothing can be restored into it; ${replicaAdvice}`);
  }
  const restoredBefore: TableRestoredBefore[] = [];
  for (const units of byTable) {
    const [first] = units;
    if (first === undefined) continue;
    const { source, schema, table } = first.unit;
    const target = targetOf(request, first.unit);
    const facts = await planTarget({ request, target, units, database, registry: context.registry });
    const parts = plannedParts(units, places, facts);
    const { isNew, differences, there } = facts;
    restoredBefore.push({ parts, there });
    const from = { source, schema, table };
    const notes = [...facts.notes, ...skippedNotes({ parts, there }), ...unreadableNotes(units)];
    tables.push({ from, target, isNew, parts, differences, notes });
    refusals.push(...facts.refusals, ...missing(units, places, facts));
  }
  const nothing = refusalOfNothing(restoredBefore);
  if (nothing !== undefined) refusals.push(nothing);
  const wanted = tables.flatMap(({ parts }) => parts).filter(({ isThere }) => !isThere);
  const storage = planClasses(wanted, request);
  const waitHours = Math.max(0, ...storage.map((one) => one.waitHours));
  const cost = storage.reduce((sum, one) => sum + one.cost, 0n);
  return { at: context.now(), request, tables, storage, waitHours, cost, refusals };
}

function requireOneTable({ target }: RestoreRequest, tables: number): void {
  if (target.kind !== 'table' || tables === 1) return;
  throw new AppError(
    'BAD_INPUT',
    `${tables} tables are selected, and one is to take them (${target.schema}.${target.table}): select one table, or restore into a schema`,
  );
}

function plannedParts(
  units: readonly SelectedUnit[],
  places: ReadonlyMap<number, PartPlace>,
  { there }: TargetFacts,
): readonly PlannedPart[] {
  return units.flatMap(({ unit, parts }) =>
    parts.map((part): PlannedPart => {
      const place = places.get(part.id);
      return {
        partId: part.id,
        month: unit.month,
        ordinal: part.ordinal,
        rows: part.rows,
        bytes: part.sizeBytes,
        storageClass: place?.storageClass ?? part.storageClass,
        isCold: place?.isCold ?? false,
        isAssumed: place?.isAssumed ?? true,
        isThere: there.has(part.id),
      };
    }),
  );
}

function missing(
  units: readonly SelectedUnit[],
  places: ReadonlyMap<number, PartPlace>,
  { there }: TargetFacts,
): readonly string[] {
  return units.flatMap(({ parts }) =>
    parts.flatMap(({ id }) => {
      const failure = places.get(id)?.failure;
      return failure === undefined || there.has(id) ? [] : [failure.message];
    }),
  );
}

function unreadableNotes(units: readonly SelectedUnit[]): readonly string[] {
  return units.flatMap(({ unit, unreadable }) =>
    unreadable.map(({ ordinal, state }) => `part ${ordinal} of ${unit.month} is ${state}: it is not in the bucket`),
  );
}
