import type { Partition } from './partition.ts';
import { partitionDomain } from './partition.ts';
import { literalInPolicy, type PolicyStatement } from './policy.ts';

export interface ReadScope {
  readonly partition: Partition;
  readonly bucket: string;
  /** The bucket's region where it is known: it narrows kms:Decrypt. */
  readonly bucketRegion?: string | undefined;
  /** Every key that starts with this may be read; empty means the whole bucket. */
  readonly prefix: string;
  /** False where the store knows no KMS; true by default. */
  readonly hasKms?: boolean;
}

/**
 * The statements that allow reading one prefix of one bucket, and no more: what the client grants to the role, and what
 * our session narrows itself to. Actions as in S3's service authorization reference.
 */
export function readStatements(scope: ReadScope): readonly PolicyStatement[] {
  const bucketArn = `arn:${scope.partition}:s3:::${scope.bucket}`;
  const keysUnderPrefix = `${literalInPolicy(scope.prefix)}*`;
  const statements: readonly PolicyStatement[] = [
    listStatement(bucketArn, scope.prefix === '' ? undefined : keysUnderPrefix),
    { Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: bucketArn },
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:GetObjectVersion'], Resource: `${bucketArn}/${keysUnderPrefix}` },
  ];
  return scope.hasKms === false ? statements : [...statements, decryptStatement(scope)];
}

/** Whatever key encrypts the bucket, but only as used by S3. */
function decryptStatement({ partition, bucketRegion }: ReadScope): PolicyStatement {
  const viaService = `s3.${bucketRegion ?? '*'}.${partitionDomain(partition)}`;
  const Condition = { StringLike: { 'kms:ViaService': viaService } };
  return { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*', Condition };
}

/** A condition on s3:prefix is false for a request without one, so the whole bucket is granted without a condition. */
function listStatement(bucketArn: string, prefixPattern: string | undefined): PolicyStatement {
  const statement = { Effect: 'Allow', Action: 's3:ListBucket', Resource: bucketArn } as const;
  if (prefixPattern === undefined) return statement;
  return { ...statement, Condition: { StringLike: { 's3:prefix': prefixPattern } } };
}
