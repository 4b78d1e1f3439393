import type { Replication, ReplicationRule } from '../../aws/bucket-state.ts';
import { type BucketDestination, keyBase } from './archived-table.ts';
import { partitionOfDestination } from './partition-of.ts';
import { ruleIdBase } from './wanted-lifecycle.ts';

/**
 * Every version goes to the replica with its lock and its hold; delete markers do not, so that nobody hides the replica by
 * hiding the original. (S3 user guide, "Replicating objects" and "Object Lock considerations".)
 */
export function wantedReplication(destination: BucketDestination): Replication | undefined {
  const { replication: replica, encryption } = destination;
  if (replica === undefined) return undefined;
  const base = keyBase(destination);
  const isKms = encryption.algorithm === 'aws:kms';
  const rule: ReplicationRule = {
    ID: `${ruleIdBase(base)}replica`,
    Priority: 1,
    Status: 'Enabled',
    Filter: { Prefix: base },
    DeleteMarkerReplication: { Status: 'Disabled' },
    // Without this S3 passes over everything that a KMS key encrypts.
    ...(isKms ? { SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } } } : {}),
    Destination: {
      Bucket: `arn:${partitionOfDestination(destination)}:s3:::${replica.bucket}`,
      ...(replica.storageClass === undefined ? {} : { StorageClass: replica.storageClass }),
      ...(replica.account === undefined
        ? {}
        : { Account: replica.account, AccessControlTranslation: { Owner: 'Destination' } }),
      ...(replica.kmsKeyArn === undefined ? {} : { EncryptionConfiguration: { ReplicaKmsKeyID: replica.kmsKeyArn } }),
    },
  };
  return { roleArn: replica.roleArn, rules: [rule] };
}

/** What has to be done in the replica's bucket, which we do not reach. */
export function replicaDuties({ replication: replica, encryption }: BucketDestination): readonly string[] {
  if (replica === undefined) return [];
  const { bucket } = replica;
  return [
    `replica ${bucket}: it needs versioning and Object Lock before anything is replicated, or locked objects are not taken; run archive bucket plan with it as the destination`,
    `replica ${bucket}: it needs a lifecycle of its own: delete markers are not replicated, so what expires here stays there`,
    `replica ${bucket}: only what is uploaded from now on is replicated; S3 Batch Replication takes over what is there already`,
    ...(replica.account === undefined
      ? []
      : [`replica ${bucket}: its policy has to let ${replica.roleArn} replicate, and change the owner`]),
    ...(encryption.algorithm === 'aws:kms' && replica.kmsKeyArn === undefined
      ? [`replica ${bucket}: name a KMS key of its region: what a KMS key encrypts is not replicated without one`]
      : []),
  ];
}
