import { isTransient, toAppError } from '../../errors.ts';
import { finishArchiveRun, startArchiveRun } from '../../registry/archive/run.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { RunTrigger } from '../../registry/run/ingest-run.ts';
import type { ArchiveContext } from '../context.ts';
import { knownChain } from '../manifest/require-known-chain.ts';
import { recordDeletions, recordProved, storePrepared } from '../manifest/write-manifest.ts';
import { type ArchivePlan, type PlanFilter, planWork } from '../plan/plan.ts';
import { collectPlan } from './collect-plan.ts';
import { countOutcomes, type RunCounts, type TableOutcome } from './outcome.ts';
import { refusedOutcomes } from './refused-outcomes.ts';
import { runPeriod } from './run-period.ts';
import { sendSpooledParts } from './send-spooled.ts';

export interface ArchiveRunRequest {
  readonly source: string;
  readonly filter: PlanFilter;
  readonly trigger: RunTrigger;
  readonly actor: string;
  readonly signal: AbortSignal;
  readonly onPlan?: (plan: ArchivePlan) => void;
  readonly onOutcome?: (outcome: TableOutcome) => void;
  readonly onStarted?: (runId: number) => void;
}

export interface ArchiveRunSummary {
  readonly runId: number;
  readonly plan: ArchivePlan;
  readonly outcomes: readonly TableOutcome[];
  readonly counts: RunCounts;
}

/**
 * One run over one source: plan, then month by month what the plan says. A table that fails is in the outcomes and stops no
 * other; what was begun by a run that was killed goes on from its last proved step.
 * @throws AppError when the source, the registry or the bucket cannot be used at all; it is in the run's record as well
 */
export async function runArchive(context: ArchiveContext, request: ArchiveRunRequest): Promise<ArchiveRunSummary> {
  const { registry } = context;
  const { source, trigger, actor, signal } = request;
  const runId = await startArchiveRun(registry, { source, trigger, actor });
  request.onStarted?.(runId);
  const outcomes: TableOutcome[] = [];
  let planned = 0;
  try {
    await using writer = context.openStore('writer');
    await using verifier = context.openStore('verifier');
    await sendSpooledParts(context, writer, signal);
    await storePrepared(context, { source, store: writer, signal });
    const requireChain = knownChain(context, { source, store: verifier, signal });
    await lookAtChain(context, requireChain);
    const plan = await collectPlan(context, { source, filter: request.filter, signal });
    request.onPlan?.(plan);
    outcomes.push(...refusedOutcomes(plan));
    for (const outcome of outcomes) request.onOutcome?.(outcome);
    const work = planWork(plan);
    planned = outcomes.length + work.reduce((sum, { entries }) => sum + entries.length, 0);
    const provedParts = new Set<number>();
    const stores = { writer, verifier };
    const run = { stores, provedParts, requireChain, actor, signal, onOutcome: request.onOutcome };
    for (const period of work) {
      signal.throwIfAborted();
      outcomes.push(...(await runPeriod(context, { period, ...run })));
    }
    signal.throwIfAborted();
    await recordProved(context, { source, store: writer, signal });
    await recordDeletions(context, { source, store: writer, signal });
    const counts = countOutcomes(planned, outcomes);
    await finishArchiveRun(registry, runId, { counts: { ...counts } });
    return { runId, plan, outcomes, counts };
  } catch (error) {
    const { code, message: text } = toAppError(toRegistryError(error));
    await finishArchiveRun(registry, runId, {
      counts: { ...countOutcomes(planned, outcomes) },
      failure: { code, text },
    });
    throw error;
  }
}

/** A bucket out of reach stops no export into the spool; what needs the chain to be known asks again. */
async function lookAtChain({ log }: ArchiveContext, requireChain: () => Promise<void>): Promise<void> {
  try {
    await requireChain();
  } catch (error) {
    const { code, message } = toAppError(error);
    if (!isTransient(code)) throw error;
    log.warn({ code, err: message }, 'the chain of manifests could not be looked at yet');
  }
}
