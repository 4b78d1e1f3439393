import type { ReplicationRule as SdkReplicationRule } from '@aws-sdk/client-s3';
import type { Lifecycle } from './bucket-lifecycle.ts';

/** What makes a bucket, in the order in which it is safely set: nothing stands before what it relies on. */
export const bucketSettings = [
  'bucket',
  'versioning',
  'objectLock',
  'encryption',
  'ownership',
  // Before the public access: a policy that opens the bucket cannot be written any more once that is blocked, not even
  // to add what closes it.
  'policy',
  'publicAccess',
  'lifecycle',
  'replication',
] as const;
export type BucketSetting = (typeof bucketSettings)[number];

/** What was found of one setting. What may not be read is never taken for absent. */
export type Seen<T> =
  /** `undefined`: not configured. */
  | { readonly seen: true; readonly value: T | undefined }
  /** `denied`: we lack `permission`; `unsupported`: the server does not know the setting. */
  | { readonly seen: false; readonly why: 'denied' | 'unsupported'; readonly permission: string };

/** What is not configured and what may not be read are both `undefined`: only for what need not tell them apart. */
export function seenValue<T>(seen: Seen<T>): T | undefined {
  return seen.seen ? seen.value : undefined;
}

export interface DefaultRetention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly days?: number;
  readonly years?: number;
}

export type BucketEncryption = (
  | { readonly algorithm: 'AES256' }
  | {
      readonly algorithm: 'aws:kms' | 'aws:kms:dsse';
      readonly keyId: string | undefined;
      readonly hasBucketKey: boolean;
    }
) & {
  /** Kinds that S3 refuses to write, such as `SSE-C`; kept as they are. */
  readonly blockedTypes?: readonly string[];
};

export interface PublicAccessBlock {
  readonly blocksAcls: boolean;
  readonly ignoresAcls: boolean;
  readonly blocksPolicies: boolean;
  readonly restrictsBuckets: boolean;
}

/** A rule as S3's API has it: rules of others are kept to the letter. */
export type ReplicationRule = Readonly<SdkReplicationRule>;

export interface Replication {
  /** The role in whose name S3 replicates. */
  readonly roleArn: string;
  readonly rules: readonly ReplicationRule[];
}

export interface BucketValues {
  /** That the bucket is in; without one there is no such bucket, and nothing else is set. */
  readonly region: string;
  readonly versioning: 'Enabled' | 'Suspended';
  readonly objectLock: { readonly defaultRetention: DefaultRetention | undefined };
  readonly encryption: BucketEncryption;
  /** Such as `BucketOwnerEnforced`, under which ACLs have no effect. */
  readonly ownership: string;
  /** The JSON document. */
  readonly policy: string;
  readonly publicAccess: PublicAccessBlock;
  readonly lifecycle: Lifecycle;
  readonly replication: Replication;
}

export type BucketState = { readonly bucket: string } & {
  readonly [Name in keyof BucketValues]: Seen<BucketValues[Name]>;
};

/** One change of one setting. A lifecycle, a policy and a replication replace all that was there. */
export type BucketChange =
  /** Makes the bucket, with Object Lock and thereby versioning. */
  | { readonly setting: 'bucket' }
  | { readonly setting: 'versioning' }
  /** Neither this nor versioning can be undone. Sets no default retention, and takes none away: it is for empty locks only. */
  | { readonly setting: 'objectLock' }
  | { readonly setting: 'encryption'; readonly to: BucketEncryption }
  | { readonly setting: 'ownership'; readonly to: 'BucketOwnerEnforced' }
  | { readonly setting: 'policy'; readonly to: string }
  | { readonly setting: 'publicAccess'; readonly to: PublicAccessBlock }
  | { readonly setting: 'lifecycle'; readonly to: Lifecycle }
  | { readonly setting: 'replication'; readonly to: Replication | undefined };
