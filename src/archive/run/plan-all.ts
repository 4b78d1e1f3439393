import { type AppError, toAppError } from '../../errors.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { ArchiveContext } from '../context.ts';
import type { ArchivePlan, PlanFilter } from '../plan/plan.ts';
import { collectPlan } from './collect-plan.ts';
import { sourcesToRun } from './sources-to-run.ts';

export type SourcePlan =
  | { readonly source: string; readonly plan: ArchivePlan }
  | { readonly source: string; readonly failure: AppError };

export interface PlanAllRequest {
  readonly filter: PlanFilter;
  readonly signal?: AbortSignal | undefined;
}

/** What a run over every source that has policies, or over those named, would do; one that cannot be asked hides no other. */
export async function planAllSources(
  context: ArchiveContext,
  { filter, signal }: PlanAllRequest,
): Promise<readonly SourcePlan[]> {
  const plans: SourcePlan[] = [];
  for (const source of await sourcesToRun(context, filter)) {
    try {
      plans.push({ source, plan: await collectPlan(context, { source, filter, signal }) });
    } catch (error) {
      plans.push({ source, failure: toAppError(toRegistryError(error)) });
    }
    signal?.throwIfAborted();
  }
  return plans;
}
