import type { Partition } from './partition.ts';
import { partitionDomain } from './partition.ts';
import { literalInPolicy, type PolicyDocument } from './policy.ts';
import { sessionPolicyText } from './session-policy.ts';

export interface ArchiveScope {
  readonly partition: Partition;
  readonly bucket: string;
  /** Every key that starts with this; empty means the whole bucket. */
  readonly prefix: string;
  /** False where the store knows no KMS. */
  readonly hasKms: boolean;
}

/**
 * The session policy of the archive's store, as JSON: whatever the role may do, this session cannot delete, cannot bypass
 * a lock, and touches nothing but the archive. What a verifier may not do is left to its role.
 * @throws AppError BAD_INPUT if the prefix makes it longer than STS takes
 */
export function archiveSessionPolicy({ partition, bucket, prefix, hasKms }: ArchiveScope): string {
  const bucketArn = `arn:${partition}:s3:::${bucket}`;
  const policy: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      // Without a condition on the prefix: S3 tells a missing key from a denied one only to who may list the bucket.
      { Effect: 'Allow', Action: ['s3:ListBucket*', 's3:GetBucketLocation'], Resource: bucketArn },
      { Effect: 'Allow', Action: objectActions, Resource: `${bucketArn}/${literalInPolicy(prefix)}*` },
      ...(hasKms ? [keyStatement(partition)] : []),
    ],
  };
  return sessionPolicyText(policy, { bucket, prefix });
}

const objectActions = [
  's3:PutObject',
  's3:AbortMultipartUpload',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectRetention',
  's3:PutObjectRetention',
  's3:GetObjectLegalHold',
  's3:PutObjectLegalHold',
  's3:RestoreObject',
] as const;

/** Whatever key encrypts the bucket, but only as used by S3. */
function keyStatement(partition: Partition) {
  const Condition = { StringLike: { 'kms:ViaService': `s3.*.${partitionDomain(partition)}` } };
  return { Effect: 'Allow', Action: ['kms:GenerateDataKey', 'kms:Decrypt'], Resource: '*', Condition } as const;
}
