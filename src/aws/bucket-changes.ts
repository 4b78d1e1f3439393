import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketReplicationCommand,
  type EncryptionType,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Lifecycle, sdkMinimumObjectSize, toSdkRule } from './bucket-lifecycle.ts';
import type { BucketChange, BucketEncryption, BucketSetting, PublicAccessBlock, Replication } from './bucket-state.ts';
import { isAwsRegion } from './partition.ts';

/** The action that a change takes: what to grant when it is refused. */
export const changePermissions: Readonly<Record<BucketSetting, string>> = {
  bucket: 's3:CreateBucket',
  versioning: 's3:PutBucketVersioning',
  objectLock: 's3:PutBucketObjectLockConfiguration',
  encryption: 's3:PutEncryptionConfiguration',
  ownership: 's3:PutBucketOwnershipControls',
  policy: 's3:PutBucketPolicy',
  publicAccess: 's3:PutBucketPublicAccessBlock',
  lifecycle: 's3:PutLifecycleConfiguration',
  replication: 's3:PutReplicationConfiguration',
};

interface Place {
  readonly Bucket: string;
  readonly region: string;
}

/** The request that makes a change. */
export function changeRequest(
  change: BucketChange,
  { Bucket, region }: Place,
): (client: S3Client, options: { readonly abortSignal?: AbortSignal }) => Promise<unknown> {
  switch (change.setting) {
    case 'bucket': {
      const command = new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true, ...location(region) });
      return (client, options) => client.send(command, options);
    }
    case 'versioning': {
      const command = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } });
      return (client, options) => client.send(command, options);
    }
    case 'objectLock': {
      const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' } as const;
      const command = new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration });
      return (client, options) => client.send(command, options);
    }
    case 'encryption': {
      const command = new PutBucketEncryptionCommand({ Bucket, ...encryptionConfiguration(change.to) });
      return (client, options) => client.send(command, options);
    }
    case 'ownership': {
      const OwnershipControls = { Rules: [{ ObjectOwnership: change.to }] };
      const command = new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls });
      return (client, options) => client.send(command, options);
    }
    case 'policy': {
      const command = new PutBucketPolicyCommand({ Bucket, Policy: change.to });
      return (client, options) => client.send(command, options);
    }
    case 'publicAccess': {
      const command = new PutPublicAccessBlockCommand({ Bucket, ...publicAccessConfiguration(change.to) });
      return (client, options) => client.send(command, options);
    }
    case 'lifecycle': {
      const command = new PutBucketLifecycleConfigurationCommand({ Bucket, ...lifecycleConfiguration(change.to) });
      return (client, options) => client.send(command, options);
    }
    case 'replication': {
      if (change.to === undefined) {
        return (client, options) => client.send(new DeleteBucketReplicationCommand({ Bucket }), options);
      }
      const command = new PutBucketReplicationCommand({ Bucket, ...replicationConfiguration(change.to) });
      return (client, options) => client.send(command, options);
    }
  }
}

/** A bucket in us-east-1 is made by naming no location (CreateBucket); nor has a server that names its regions otherwise. */
function location(region: string) {
  if (region === 'us-east-1' || !isAwsRegion(region)) return {};
  return { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };
}

function encryptionConfiguration(encryption: BucketEncryption) {
  const isKms = encryption.algorithm !== 'AES256';
  const byDefault = {
    SSEAlgorithm: encryption.algorithm,
    ...(isKms && encryption.keyId !== undefined ? { KMSMasterKeyID: encryption.keyId } : {}),
  };
  const rule = {
    ApplyServerSideEncryptionByDefault: byDefault,
    ...(isKms ? { BucketKeyEnabled: encryption.hasBucketKey } : {}),
    ...(encryption.blockedTypes === undefined ? {} : blockedTypes(encryption.blockedTypes)),
  };
  return { ServerSideEncryptionConfiguration: { Rules: [rule] } };
}

function blockedTypes(types: readonly string[]) {
  return { BlockedEncryptionTypes: { EncryptionType: types.map((type) => type as EncryptionType) } };
}

function publicAccessConfiguration(block: PublicAccessBlock) {
  return {
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: block.blocksAcls,
      IgnorePublicAcls: block.ignoresAcls,
      BlockPublicPolicy: block.blocksPolicies,
      RestrictPublicBuckets: block.restrictsBuckets,
    },
  };
}

function lifecycleConfiguration(lifecycle: Lifecycle) {
  return {
    LifecycleConfiguration: { Rules: lifecycle.rules.map(toSdkRule) },
    ...sdkMinimumObjectSize(lifecycle),
  };
}

function replicationConfiguration({ roleArn, rules }: Replication) {
  return { ReplicationConfiguration: { Role: roleArn, Rules: rules.map((rule) => ({ ...rule })) } };
}
