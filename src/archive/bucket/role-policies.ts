import { partitionDomain } from '../../aws/partition.ts';
import { literalInPolicy, type PolicyDocument, type PolicyStatement } from '../../aws/policy.ts';
import { type BucketDestination, keyBase } from './archived-table.ts';
import { partitionOfDestination } from './partition-of.ts';

/** Reads of every setting that `archive bucket check` compares. */
const settingReads = [
  's3:GetBucketLocation',
  's3:GetBucketVersioning',
  's3:GetBucketObjectLockConfiguration',
  's3:GetEncryptionConfiguration',
  's3:GetBucketOwnershipControls',
  's3:GetBucketPolicy',
  's3:GetBucketPublicAccessBlock',
  's3:GetLifecycleConfiguration',
  's3:GetReplicationConfiguration',
];

const settingWrites = [
  's3:CreateBucket',
  's3:PutBucketVersioning',
  's3:PutBucketObjectLockConfiguration',
  's3:PutEncryptionConfiguration',
  's3:PutBucketOwnershipControls',
  's3:PutBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutLifecycleConfiguration',
  's3:PutReplicationConfiguration',
];

/** Reads of a version and its lock: to adopt what a lost answer left behind, to compare, and to prove. */
const objectReads = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectAttributes',
  's3:GetObjectVersionAttributes',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
];

/** Uploads, locks longer, holds and releases, restores from the cold. Deletes nothing, and shortens no lock. */
const objectWrites = [
  's3:PutObject',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
  's3:RestoreObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];

/** What the writer of the archive may do, and no more. Actions as in S3's service authorization reference. */
export function writerPolicy(destination: BucketDestination): PolicyDocument {
  const { bucketArn, keysArn } = arns(destination);
  return policy(
    ...listStatements(destination),
    allow('s3:GetBucketLocation', bucketArn),
    allow([...objectReads, ...objectWrites], keysArn),
    // Parts of a multipart upload are decrypted when they are put together.
    ...kmsStatements(destination, ['kms:GenerateDataKey', 'kms:Decrypt']),
  );
}

/** What the verifier may do: read every version, every lock and every setting; write nothing. */
export function verifierPolicy(destination: BucketDestination): PolicyDocument {
  const { bucketArn, keysArn } = arns(destination);
  return policy(
    ...listStatements(destination),
    allow(settingReads, bucketArn),
    allow(objectReads, keysArn),
    ...kmsStatements(destination, ['kms:Decrypt']),
  );
}

/** What `archive bucket apply` takes: the bucket's settings, and none of its objects. */
export function adminPolicy(destination: BucketDestination): PolicyDocument {
  const { bucketArn } = arns(destination);
  const { replication: replica } = destination;
  const toS3 = { StringEquals: { 'iam:PassedToService': 's3.amazonaws.com' } };
  return policy(
    allow([...settingReads, ...settingWrites], bucketArn),
    ...(replica === undefined
      ? []
      : [{ Effect: 'Allow', Action: 'iam:PassRole', Resource: replica.roleArn, Condition: toS3 } as const]),
  );
}

/** What S3 may do in the name of the replication role: read here with locks, write there; no deletion is replicated. */
export function replicationPolicy(destination: BucketDestination): PolicyDocument {
  const { replication: replica } = destination;
  const { bucketArn, keysArn, partition } = arns(destination);
  if (replica === undefined) return policy();
  const replicaKeysArn = `arn:${partition}:s3:::${replica.bucket}/${literalInPolicy(keyBase(destination))}*`;
  const ownership = replica.account === undefined ? [] : ['s3:ObjectOwnerOverrideToBucketOwner'];
  const { kmsKeyArn } = replica;
  return policy(
    allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], bucketArn),
    allow(
      [
        's3:GetObjectVersionForReplication',
        's3:GetObjectVersionAcl',
        's3:GetObjectVersionTagging',
        's3:GetObjectRetention',
        's3:GetObjectLegalHold',
      ],
      keysArn,
    ),
    allow(['s3:ReplicateObject', 's3:ReplicateTags', ...ownership], replicaKeysArn),
    ...kmsStatements(destination, ['kms:Decrypt']),
    ...(kmsKeyArn === undefined ? [] : [allow('kms:Encrypt', kmsKeyArn)]),
  );
}

/** Who may assume the writer's, the verifier's or the admin's role. */
export function trustPolicy({
  principalArn,
  externalId,
}: {
  /** Of the role or the user that Billvault runs as. */
  readonly principalArn: string;
  readonly externalId: string;
}): PolicyDocument {
  return policy({
    Sid: 'BillvaultAssumes',
    Effect: 'Allow',
    Principal: { AWS: principalArn },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': externalId } },
  });
}

/** That S3 may assume the replication role. */
export function replicationTrustPolicy(): PolicyDocument {
  return policy({ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sts:AssumeRole' });
}

/** A condition on s3:prefix is false for a request that names none, so a whole bucket is granted without one. */
function listStatements(destination: BucketDestination): readonly PolicyStatement[] {
  const { bucketArn } = arns(destination);
  const base = keyBase(destination);
  const statement = allow(['s3:ListBucket', 's3:ListBucketVersions'], bucketArn);
  if (base === '') return [statement];
  return [{ ...statement, Condition: { StringLike: { 's3:prefix': `${literalInPolicy(base)}*` } } }];
}

/** The key by its ARN; known by another name it is any key, but only as S3 uses it. Aliases mean nothing in a resource. */
function kmsStatements(destination: BucketDestination, actions: readonly string[]): readonly PolicyStatement[] {
  const { encryption, region } = destination;
  if (encryption.algorithm !== 'aws:kms') return [];
  const { keyId } = encryption;
  const isKeyArn = keyId.startsWith('arn:') && !keyId.includes(':alias/');
  const viaS3 = {
    StringEquals: { 'kms:ViaService': `s3.${region}.${partitionDomain(partitionOfDestination(destination))}` },
  };
  return [{ ...allow(actions, isKeyArn ? keyId : '*'), Condition: viaS3 }];
}

function arns(destination: BucketDestination) {
  const partition = partitionOfDestination(destination);
  const bucketArn = `arn:${partition}:s3:::${destination.bucket}`;
  return { partition, bucketArn, keysArn: `${bucketArn}/${literalInPolicy(keyBase(destination))}*` };
}

function allow(actions: string | readonly string[], resource: string): PolicyStatement {
  return { Effect: 'Allow', Action: actions, Resource: resource };
}

function policy(...statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}
