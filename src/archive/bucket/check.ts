import type { BucketAdmin } from '../../aws/bucket-admin.ts';
import { type BucketPlan, isFit, planBucket } from './plan.ts';
import type { WantedBucket } from './wanted.ts';

export interface CheckedBucket {
  readonly plan: BucketPlan;
  /** Nothing to set, nothing hidden from us, nothing that contradicts the archive. */
  readonly isFit: boolean;
}

/** Compares the bucket with what is wanted, and changes nothing. @throws AppError as BucketAdmin.read does */
export async function checkBucket({
  admin,
  wanted,
  signal,
}: {
  readonly admin: BucketAdmin;
  readonly wanted: WantedBucket;
  readonly signal?: AbortSignal;
}): Promise<CheckedBucket> {
  const plan = planBucket(await admin.read(signal ? { signal } : {}), wanted);
  return { plan, isFit: isFit(plan) };
}
