import type { BucketChange, BucketSetting, BucketState } from '../../aws/bucket-state.ts';
import { type Finding, findContradictions } from './contradictions.ts';
import { planEntries } from './plan-entries.ts';
import type { WantedBucket } from './wanted.ts';

/**
 * `ok`: as wanted. `set`: differs, and `change` puts it right. `cannot`: differs, and `text` says why it stays so.
 * `not visible`: may not be read, so nothing is known and nothing is touched.
 */
export type PlanAction = 'ok' | 'set' | 'cannot' | 'not visible';

/** One setting: what it is, what it is to be, and what to do. */
export interface PlanEntry {
  readonly setting: BucketSetting;
  /** A line each: a difference is what stands in one of both only. */
  readonly actual: readonly string[];
  readonly wanted: readonly string[];
  readonly action: PlanAction;
  /** Why. */
  readonly text: string;
  /** With action `set` only. */
  readonly change?: BucketChange;
}

/** What applying it would do to the bucket; a value, with its reasons. */
export interface BucketPlan {
  readonly bucket: string;
  readonly region: string;
  /** In the order in which they are applied. */
  readonly entries: readonly PlanEntry[];
  readonly findings: readonly Finding[];
  /** What a person should know, or do elsewhere. */
  readonly notes: readonly string[];
}

export function planBucket(state: BucketState, wanted: WantedBucket): BucketPlan {
  return {
    bucket: wanted.bucket,
    region: wanted.region,
    entries: planEntries(state, wanted),
    findings: findContradictions(state, wanted),
    notes: wanted.notes,
  };
}

/** Whether the bucket is known to be all that is wanted, and nothing in it works against the archive. */
export function isFit({ entries, findings }: BucketPlan): boolean {
  return entries.every(({ action }) => action === 'ok') && findings.every(({ severity }) => severity !== 'danger');
}
