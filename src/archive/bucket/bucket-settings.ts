import type { BucketAdmin } from '../../aws/bucket-admin.ts';
import type { ArchiveContext } from '../context.ts';
import type { AppliedBucket } from './apply.ts';
import type { BucketDestination } from './archived-table.ts';
import { changeBucket } from './change-bucket.ts';
import { type CheckedBucket, checkBucket } from './check.ts';
import { collectWantedBucket } from './collect-wanted.ts';
import type { BucketPlan } from './plan.ts';

/** The settings of the archive's bucket, beside what the policies want of them now. */
export interface BucketSettings {
  /** @throws AppError as checkBucket and collectWantedBucket */
  check(signal: AbortSignal): Promise<CheckedBucket>;
  /** @throws AppError CONFLICT when the plan is not as it was shown any more; as changeBucket */
  change(request: BucketChangeRequest): Promise<AppliedBucket>;
}

export interface BucketChangeRequest {
  readonly shown: BucketPlan;
  readonly actor: string;
  readonly signal: AbortSignal;
}

export interface BucketSettingsOptions {
  readonly context: ArchiveContext;
  readonly destination: BucketDestination;
  /** Disposed of after each use. */
  readonly openAdmin: () => BucketAdmin;
}

export function bucketSettings({ context, destination, openAdmin }: BucketSettingsOptions): BucketSettings {
  return {
    async check(signal) {
      const wanted = await collectWantedBucket(context, destination);
      await using admin = openAdmin();
      return await checkBucket({ admin, wanted, signal });
    },
    async change(request) {
      const wanted = await collectWantedBucket(context, destination);
      await using admin = openAdmin();
      return await changeBucket(context.registry, { admin, wanted, ...request });
    },
  };
}
