import type { ArchiveStore } from '../../aws/archive-store.ts';
import { isAppError, isTransient, toAppError } from '../../errors.ts';
import { type AwaitingUnit, forgetCopies, listAwaitingUnits } from '../../registry/archive/read-copy.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { ArchiveContext } from '../context.ts';
import type { TableOutcome } from './outcome.ts';
import { runArchive } from './run-archive.ts';

/** A run each; the rest come the next time. */
const unitsOfTick = 50;

/**
 * What the job does: units that waited for readable copies of parts in a cold class are gone on with as soon as these are
 * there, by a run over that month of that table. One that fails stops no other.
 * @returns how many were gone on with
 */
export async function goOnWithCopies(context: ArchiveContext, signal: AbortSignal): Promise<number> {
  const { registry, log } = context;
  const units = await listAwaitingUnits(registry, unitsOfTick);
  if (units.length === 0) return 0;
  await using store = context.openStore('verifier');
  let count = 0;
  for (const unit of units) {
    if (signal.aborted) break;
    const { source, schema, table, month } = unit;
    try {
      if (await isUnderWay(store, unit, signal)) continue;
      count++;
      await goOn(context, unit, signal);
    } catch (error) {
      const { code, message } = toAppError(error);
      log.warn({ source, table: `${schema}.${table}`, month, code, err: message }, 'not gone on with yet');
    }
  }
  return count;
}

/** A copy that has come and gone meanwhile is asked for again by the run. */
async function isUnderWay(store: ArchiveStore, { parts }: AwaitingUnit, signal: AbortSignal): Promise<boolean> {
  for (const { key, versionId } of parts) {
    try {
      const { isCold, restore } = await store.head(key, versionId, { signal });
      if (isCold && restore?.state === 'ongoing') return true;
    } catch (error) {
      // What is wrong with it, the run says.
      if (!isAppError(error, 'FILE_MISSING')) throw error;
    }
  }
  return false;
}

async function goOn(context: ArchiveContext, unit: AwaitingUnit, signal: AbortSignal): Promise<void> {
  const { id, source, schema, table, month, askedAt } = unit;
  const filter = { tables: [`${schema}.${table}`], from: month, to: month };
  const request = { source, filter, trigger: 'schedule', actor: 'job:copies', signal } as const;
  let isAgain = false;
  try {
    const { outcomes } = await runArchive(context, request);
    isAgain = isTriedAgain(outcomes.find(({ unitId }) => unitId === id));
  } catch (error) {
    // A source that is not there any more would fail with every tick, and keep those behind it from theirs.
    isAgain = signal.aborted || isTransient(toAppError(toRegistryError(error)).code);
    throw error;
  } finally {
    if (!isAgain) await forgetCopies(context.registry, id, askedAt);
  }
}

/** What failed for good, or is not to be done any more, waits for nothing. */
function isTriedAgain(outcome: TableOutcome | undefined): boolean {
  return outcome?.kind === 'waiting' || outcome?.failure?.isTransient === true;
}
