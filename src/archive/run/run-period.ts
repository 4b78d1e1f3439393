import { AppError, isAppError, isTransient, toAppError } from '../../errors.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import { forgetCopies } from '../../registry/archive/read-copy.ts';
import { beginFurtherRound, failUnit } from '../../registry/archive/unit-states.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { writeManifest } from '../manifest/write-manifest.ts';
import type { PeriodWork, PlanEntry } from '../plan/plan.ts';
import { purgeUnit } from '../purge/purge-unit.ts';
import { advanceUnit } from './advance-unit.ts';
import { awaitCopies } from './await-copies.ts';
import type { TableOutcome } from './outcome.ts';
import type { RunStores } from './run-stores.ts';
import { withUnit } from './with-unit.ts';

export interface PeriodRun {
  readonly period: PeriodWork;
  readonly stores: RunStores;
  readonly provedParts: Set<number>;
  /** @see requireKnownChain: before archived rows are compared with those of the table. */
  readonly requireChain: () => Promise<void>;
  readonly actor: string;
  readonly signal: AbortSignal;
  readonly onOutcome?: ((outcome: TableOutcome) => void) | undefined;
}

/** Rows that change between every export and its purge are let be after as many tries, until the next run. */
const maxRounds = 3;

/** Below, a month with what is made of it takes less memory than one part of a large one. */
const largeTableBytes = 64 * 1_024 * 1_024;
const largeMonthRows = 10_000;

/**
 * One month of one source: every table exported and proved, then the manifest, then what may be purged. Rows that changed
 * meanwhile go round again as further parts.
 */
export async function runPeriod(context: ArchiveContext, run: PeriodRun): Promise<readonly TableOutcome[]> {
  const outcomes = new Map<PlanEntry, TableOutcome>();
  const settle = (outcome: TableOutcome) => {
    outcomes.set(outcome.entry, outcome);
    run.onOutcome?.(outcome);
  };
  let pending = run.period.entries;
  for (let round = 1; pending.length > 0; round++) {
    const proved = await prove(context, run, { entries: pending, isFurther: round > 1, settle });
    const { source, month } = run.period;
    await writeManifest(context, { source, month, store: run.stores.writer, signal: run.signal });
    const changed = await purge(context, run, { entries: proved, isLast: round === maxRounds, settle });
    pending = round === maxRounds ? [] : changed;
  }
  return [...outcomes.values()];
}

interface Step {
  readonly entries: readonly PlanEntry[];
  readonly settle: (outcome: TableOutcome) => void;
}

/** @returns the entries whose units are verified */
async function prove(
  context: ArchiveContext,
  run: PeriodRun,
  { entries, isFurther, settle }: Step & { readonly isFurther: boolean },
): Promise<readonly PlanEntry[]> {
  const proved: PlanEntry[] = [];
  await each(context, run, entries, settle, async (entry, job) => {
    if (isFurther || entry.action === 'further-part') {
      await run.requireChain();
      await beginRound(context, job);
    }
    const advanced = await advanceUnit(context, job);
    if (advanced === 'verified') proved.push(entry);
    const unit = await findUnit(context.registry, job.unitId);
    if (!entry.purges) await forgetCopies(context.registry, unit.id);
    settle({ entry, unitId: unit.id, kind: advanced, rows: unit.rows, parts: unit.parts.length });
  });
  return proved;
}

async function beginRound({ registry }: ArchiveContext, { unitId }: UnitJob): Promise<void> {
  const { state } = await findUnit(registry, unitId);
  if (state !== 'VERIFIED' && state !== 'PURGED') return;
  await beginFurtherRound(registry, unitId);
  step('further.begun', unitId);
}

/** @returns the entries of which rows changed meanwhile */
async function purge(
  context: ArchiveContext,
  run: PeriodRun,
  { entries, isLast, settle }: Step & { readonly isLast: boolean },
): Promise<readonly PlanEntry[]> {
  const changed: PlanEntry[] = [];
  const due = entries.filter(({ purges }) => purges);
  await each(context, run, due, settle, async (entry, job) => {
    await run.requireChain();
    const outcome = await purgeUnit(context, job);
    const unit = await findUnit(context.registry, job.unitId);
    const common = { entry, unitId: unit.id, rows: unit.rows, parts: unit.parts.length, purgedRows: outcome.rows };
    if (outcome.kind === 'purged') return settle({ ...common, kind: 'purged' });
    const { ranges } = outcome;
    context.log.warn(
      { source: entry.source, table: `${entry.schema}.${entry.table}`, month: entry.month, ranges },
      isLast
        ? 'rows keep changing: they stay until the next run'
        : 'rows changed since their export: a further part follows',
    );
    changed.push(entry);
    settle({ ...common, kind: 'rows-changed' });
  });
  return changed;
}

/** Each entry under its table's lock, some at a time; one that fails does not stop the others. */
async function each(
  context: ArchiveContext,
  run: PeriodRun,
  entries: readonly PlanEntry[],
  settle: Step['settle'],
  work: (entry: PlanEntry, job: UnitJob) => Promise<void>,
): Promise<void> {
  const { sources } = context;
  const { slots } = await sources.open(run.period.source);
  const attempt = async (entry: PlanEntry): Promise<void> => {
    if (run.signal.aborted) return;
    let unitId = entry.unitId ?? undefined;
    try {
      await withUnit(context, { entry, ...run }, async (job) => {
        unitId = job.unitId;
        await work(entry, job);
      });
    } catch (error) {
      settle(await fail(context, { entry, unitId, error, run }));
    }
  };
  const inTurn = (entry: PlanEntry) => slots(() => attempt(entry));
  await Promise.all(entries.map((entry) => (isLarge(entry) ? sources.large(() => inTurn(entry)) : inTurn(entry))));
}

/** Whether its month may fill parts that are worth counting in memory. */
function isLarge({ tableBytes, rows }: PlanEntry): boolean {
  return (tableBytes ?? 0) >= largeTableBytes && (rows ?? Number.POSITIVE_INFINITY) >= largeMonthRows;
}

interface Failure {
  readonly entry: PlanEntry;
  readonly unitId: number | undefined;
  readonly error: unknown;
  readonly run: PeriodRun;
}

/** A unit that failed says why in the registry; one that only has to wait is not called failed. */
async function fail(context: ArchiveContext, { entry, unitId, error, run }: Failure): Promise<TableOutcome> {
  const failure = await waitIfCold(context, { unitId, failure: toAppError(toRegistryError(error)), run });
  const { code, message: text } = failure;
  const { source, schema, table, month } = entry;
  const isWaiting = isAppError(failure, 'TABLE_BUSY', 'ON_HOLD', 'FILE_COLD') || run.signal.aborted;
  if (!isWaiting) {
    context.log.error({ source, table: `${schema}.${table}`, month, code, err: text }, 'archive unit failed');
    if (unitId !== undefined) await failUnit(context.registry, unitId, { code, text });
  }
  const kind = isWaiting ? 'waiting' : 'failed';
  return { entry, unitId, kind, rows: 0, parts: 0, failure: { code, text, isTransient: isTransient(code) } };
}

/** What lies in a cold class is asked for; why it could not be is the failure then. */
async function waitIfCold(
  context: ArchiveContext,
  {
    unitId,
    failure,
    run,
  }: { readonly unitId: number | undefined; readonly failure: AppError; readonly run: PeriodRun },
): Promise<AppError> {
  if (unitId === undefined || failure.code !== 'FILE_COLD') return failure;
  try {
    const { stores, provedParts, signal } = run;
    const text = await awaitCopies(context, { unitId, stores, provedParts, signal });
    return new AppError('FILE_COLD', `${failure.message}; ${text}`, { cause: failure });
  } catch (error) {
    return toAppError(toRegistryError(error));
  }
}
