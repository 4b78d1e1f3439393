import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { fromSdkRule, type Lifecycle } from './bucket-lifecycle.ts';
import type {
  BucketEncryption,
  BucketValues,
  DefaultRetention,
  PublicAccessBlock,
  Replication,
} from './bucket-state.ts';
import { redirectedRegion } from './map-error.ts';

/** A request for one setting of a bucket. */
export interface Reading<T> {
  /** The action that it takes; several are not named as the others do. */
  readonly permission: string;
  /** Vendor codes that say that nothing is configured. */
  readonly absentCodes: readonly string[];
  /** @returns undefined where nothing is configured */
  readonly ask: (client: S3Client, request: Asked) => Promise<T | undefined>;
  /** What a refusal says all the same. */
  readonly toldByRefusal?: (error: unknown) => T | undefined;
}

interface Asked {
  readonly Bucket: string;
  readonly options: { readonly abortSignal?: AbortSignal };
}

type Readings = { readonly [Name in keyof BucketValues]: Reading<BucketValues[Name]> };

/** S3 API reference, "Error responses", and the "Permissions" of each operation. */
export const bucketReadings: Readings = {
  region: {
    permission: 's3:GetBucketLocation',
    absentCodes: ['NoSuchBucket'],
    ask: async (client, { Bucket, options }) =>
      regionOf((await client.send(new GetBucketLocationCommand({ Bucket }), options)).LocationConstraint),
    // Asked in another region than its own, a bucket is said to be elsewhere.
    toldByRefusal: redirectedRegion,
  },
  versioning: {
    permission: 's3:GetBucketVersioning',
    absentCodes: [],
    ask: async (client, { Bucket, options }) =>
      (await client.send(new GetBucketVersioningCommand({ Bucket }), options)).Status,
  },
  objectLock: {
    permission: 's3:GetBucketObjectLockConfiguration',
    absentCodes: ['ObjectLockConfigurationNotFoundError', 'NoSuchObjectLockConfiguration'],
    ask: async (client, { Bucket, options }) => {
      const answer = await client.send(new GetObjectLockConfigurationCommand({ Bucket }), options);
      const config = answer.ObjectLockConfiguration;
      if (config?.ObjectLockEnabled !== 'Enabled') return undefined;
      const { Mode, Days, Years } = config.Rule?.DefaultRetention ?? {};
      return { defaultRetention: Mode === undefined ? undefined : retention(Mode, Days, Years) };
    },
  },
  encryption: {
    permission: 's3:GetEncryptionConfiguration',
    absentCodes: ['ServerSideEncryptionConfigurationNotFoundError'],
    ask: async (client, { Bucket, options }) => {
      const answer = await client.send(new GetBucketEncryptionCommand({ Bucket }), options);
      const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
      const byDefault = rule?.ApplyServerSideEncryptionByDefault;
      const known = encryption(byDefault?.SSEAlgorithm, byDefault?.KMSMasterKeyID, rule?.BucketKeyEnabled);
      const blockedTypes = rule?.BlockedEncryptionTypes?.EncryptionType;
      return known === undefined || blockedTypes === undefined ? known : { ...known, blockedTypes };
    },
  },
  ownership: {
    permission: 's3:GetBucketOwnershipControls',
    absentCodes: ['OwnershipControlsNotFoundError'],
    ask: async (client, { Bucket, options }) => {
      const answer = await client.send(new GetBucketOwnershipControlsCommand({ Bucket }), options);
      return answer.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
    },
  },
  policy: {
    permission: 's3:GetBucketPolicy',
    absentCodes: ['NoSuchBucketPolicy'],
    ask: async (client, { Bucket, options }) =>
      (await client.send(new GetBucketPolicyCommand({ Bucket }), options)).Policy,
  },
  publicAccess: {
    permission: 's3:GetBucketPublicAccessBlock',
    absentCodes: ['NoSuchPublicAccessBlockConfiguration'],
    ask: async (client, { Bucket, options }): Promise<PublicAccessBlock | undefined> => {
      const answer = await client.send(new GetPublicAccessBlockCommand({ Bucket }), options);
      const block = answer.PublicAccessBlockConfiguration;
      if (block === undefined) return undefined;
      return {
        blocksAcls: block.BlockPublicAcls === true,
        ignoresAcls: block.IgnorePublicAcls === true,
        blocksPolicies: block.BlockPublicPolicy === true,
        restrictsBuckets: block.RestrictPublicBuckets === true,
      };
    },
  },
  lifecycle: {
    permission: 's3:GetLifecycleConfiguration',
    absentCodes: ['NoSuchLifecycleConfiguration'],
    ask: async (client, { Bucket, options }): Promise<Lifecycle | undefined> => {
      const answer = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), options);
      const size = answer.TransitionDefaultMinimumObjectSize;
      const rules = (answer.Rules ?? []).map(fromSdkRule);
      return rules.length === 0 ? undefined : { rules, ...(size === undefined ? {} : { minimumObjectSize: size }) };
    },
  },
  replication: {
    permission: 's3:GetReplicationConfiguration',
    absentCodes: ['ReplicationConfigurationNotFoundError'],
    ask: async (client, { Bucket, options }): Promise<Replication | undefined> => {
      const answer = await client.send(new GetBucketReplicationCommand({ Bucket }), options);
      const config = answer.ReplicationConfiguration;
      const rules = config?.Rules ?? [];
      // Some servers answer with none at all instead of saying so.
      return rules.length === 0 ? undefined : { roleArn: config?.Role ?? '', rules };
    },
  },
};

/** us-east-1 has no location constraint, and the first European region an older name (GetBucketLocation). */
function regionOf(constraint: string | undefined): string {
  if (constraint === undefined || constraint === '') return 'us-east-1';
  return constraint === 'EU' ? 'eu-west-1' : constraint;
}

function retention(
  mode: DefaultRetention['mode'],
  days: number | undefined,
  years: number | undefined,
): DefaultRetention {
  return { mode, ...(days === undefined ? {} : { days }), ...(years === undefined ? {} : { years }) };
}

function encryption(
  algorithm: string | undefined,
  keyId: string | undefined,
  hasBucketKey: boolean | undefined,
): BucketEncryption | undefined {
  if (algorithm === 'AES256') return { algorithm };
  if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') return undefined;
  return { algorithm, keyId, hasBucketKey: hasBucketKey === true };
}
