import { listPolicies } from '../../registry/archive/policy.ts';
import type { ArchiveContext } from '../context.ts';
import type { PlanFilter } from '../plan/plan.ts';

/** The sources that the filter names, or every one that a policy names; in order. */
export async function sourcesToRun({ registry }: ArchiveContext, { sources }: PlanFilter): Promise<readonly string[]> {
  return sources ?? [...new Set((await listPolicies(registry)).map(({ source }) => source))].sort();
}
