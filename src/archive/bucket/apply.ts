import { setTimeout as delay } from 'node:timers/promises';
import type { BucketAdmin } from '../../aws/bucket-admin.ts';
import type { BucketSetting } from '../../aws/bucket-state.ts';
import { AppError, toAppError } from '../../errors.ts';
import { type BucketPlan, type PlanEntry, planBucket } from './plan.ts';
import type { WantedBucket } from './wanted.ts';

export interface ApplyRequest {
  readonly admin: BucketAdmin;
  readonly wanted: WantedBucket;
  /** The plan that was shown: when the bucket has changed since, nothing is done. */
  readonly shown?: BucketPlan | undefined;
  readonly signal?: AbortSignal;
}

/** What became of one change of a plan. */
export type ChangeOutcome =
  | { readonly setting: BucketSetting; readonly outcome: 'done' }
  | { readonly setting: BucketSetting; readonly outcome: 'failed'; readonly error: AppError }
  /** Something that it relies on is not as wanted. */
  | { readonly setting: BucketSetting; readonly outcome: 'left out'; readonly because: BucketSetting };

export interface AppliedBucket {
  readonly outcomes: readonly ChangeOutcome[];
  /** What was read back: nothing is left to `set` in it if all went well. */
  readonly after: BucketPlan;
}

/** S3 may answer a reading with what was there before, for some seconds after a change. */
const READ_BACK_ATTEMPTS = 5;
const READ_BACK_PAUSE_MS = 1_000;

/** What must be as wanted before: a lifecycle without locks would expire what nothing protects. */
const needs: Readonly<Record<BucketSetting, readonly BucketSetting[]>> = {
  bucket: [],
  versioning: ['bucket'],
  objectLock: ['bucket', 'versioning'],
  encryption: ['bucket'],
  ownership: ['bucket'],
  policy: ['bucket'],
  publicAccess: ['bucket'],
  lifecycle: ['bucket', 'versioning', 'objectLock'],
  replication: ['bucket', 'versioning', 'objectLock'],
};

/**
 * Makes the plan's changes one by one, in its order, and reads the bucket back. A change that fails keeps none from being
 * tried but those that rely on it.
 * @throws AppError CONFLICT if the bucket is not any more as it was shown; else what reading it throws
 */
export async function applyBucket({ admin, wanted, shown, signal }: ApplyRequest): Promise<AppliedBucket> {
  const options = signal ? { signal } : {};
  const plan = planBucket(await admin.read(options), wanted);
  if (shown !== undefined && !isSamePlan(shown, plan)) {
    throw new AppError(
      'CONFLICT',
      `bucket ${wanted.bucket} has changed since its plan was shown: look at the plan again`,
    );
  }
  const outcomes: ChangeOutcome[] = [];
  for (const entry of plan.entries) {
    const outcome = await applyEntry(entry, plan, outcomes, { admin, signal });
    if (outcome !== undefined) outcomes.push(outcome);
  }
  return { outcomes, after: await readBack({ admin, wanted, outcomes, signal }) };
}

async function applyEntry(
  { setting, change }: PlanEntry,
  plan: BucketPlan,
  before: readonly ChangeOutcome[],
  { admin, signal }: { readonly admin: BucketAdmin; readonly signal: AbortSignal | undefined },
): Promise<ChangeOutcome | undefined> {
  if (change === undefined) return undefined;
  const lacking = needs[setting].find((needed) => isLacking(needed, plan, before));
  if (lacking !== undefined) return { setting, outcome: 'left out', because: lacking };
  try {
    await admin.change(change, signal ? { signal } : {});
    return { setting, outcome: 'done' };
  } catch (error) {
    signal?.throwIfAborted();
    return { setting, outcome: 'failed', error: toAppError(error) };
  }
}

function isLacking(needed: BucketSetting, plan: BucketPlan, before: readonly ChangeOutcome[]): boolean {
  const tried = before.find(({ setting }) => setting === needed);
  if (tried !== undefined) return tried.outcome !== 'done';
  const action = plan.entries.find(({ setting }) => setting === needed)?.action;
  // Where a bucket lies may be hidden from us while all the rest is not.
  return needed === 'bucket' ? action === 'cannot' : action !== 'ok';
}

async function readBack({
  admin,
  wanted,
  outcomes,
  signal,
}: Pick<ApplyRequest, 'admin' | 'wanted'> & {
  readonly outcomes: readonly ChangeOutcome[];
  readonly signal: AbortSignal | undefined;
}): Promise<BucketPlan> {
  const done = outcomes.filter(({ outcome }) => outcome === 'done').map(({ setting }) => setting);
  for (let attempt = 1; ; attempt++) {
    const plan = planBucket(await admin.read(signal ? { signal } : {}), wanted);
    const isSettled = plan.entries.every(({ setting, action }) => action !== 'set' || !done.includes(setting));
    if (isSettled || attempt === READ_BACK_ATTEMPTS) return plan;
    await delay(READ_BACK_PAUSE_MS, undefined, signal ? { signal } : {});
  }
}

function isSamePlan(left: BucketPlan, right: BucketPlan): boolean {
  return JSON.stringify(left.entries) === JSON.stringify(right.entries);
}
