import { type BucketPlan, isFit } from '../../../archive/bucket/plan.ts';

/** A plan for programs: the lines of what is and what is wanted, without the requests that would be sent. */
export function planValue(plan: BucketPlan) {
  const entries = plan.entries.map(({ change: _, ...entry }) => entry);
  return { ...plan, entries, isFit: isFit(plan) };
}
