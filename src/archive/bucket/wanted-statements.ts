import { literalInPolicy, type PolicyStatement } from '../../aws/policy.ts';
import { type BucketDestination, keyBase } from './archived-table.ts';
import { partitionOfDestination } from './partition-of.ts';

/** How our statements are known among those of others. */
export const ownSids = ['BillvaultTlsOnly', 'BillvaultNoBypass', 'BillvaultEncryptedPuts'] as const;

/** What the bucket's policy is to refuse to everyone. */
export function wantedStatements(destination: BucketDestination): readonly PolicyStatement[] {
  const bucketArn = `arn:${partitionOfDestination(destination)}:s3:::${destination.bucket}`;
  const tlsOnly: PolicyStatement = {
    Sid: 'BillvaultTlsOnly',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 's3:*',
    Resource: [bucketArn, `${bucketArn}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const statements = [tlsOnly, noBypass(bucketArn, destination.bypassRoleArns ?? [])];
  return destination.refusesOtherEncryption === true
    ? [...statements, encryptedPuts(bucketArn, destination)]
    : statements;
}

/** A GOVERNANCE lock is as good as whoever may lift it. */
function noBypass(bucketArn: string, allowed: readonly string[]): PolicyStatement {
  return {
    Sid: 'BillvaultNoBypass',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 's3:BypassGovernanceRetention',
    Resource: `${bucketArn}/*`,
    ...(allowed.length === 0 ? {} : { Condition: { ArnNotEquals: { 'aws:PrincipalArn': allowed } } }),
  };
}

/** A negated condition holds for an absent header too: what asks for no encryption is refused as well. */
function encryptedPuts(bucketArn: string, destination: BucketDestination): PolicyStatement {
  return {
    Sid: 'BillvaultEncryptedPuts',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 's3:PutObject',
    Resource: `${bucketArn}/${literalInPolicy(keyBase(destination))}*`,
    Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': destination.encryption.algorithm } },
  };
}
