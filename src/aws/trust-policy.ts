import type { PolicyDocument } from './policy.ts';
import { type ReadScope, readStatements } from './read-policy.ts';

export interface ClientGrant extends ReadScope {
  /** Who will assume the role: the ARN of our role or user, or of our account (`arn:aws:iam::<account>:root`). */
  readonly principalArn: string;
  readonly externalId: string;
  /** The key that encrypts the bucket, where there is one; without it kms:Decrypt is granted for any key used by S3. */
  readonly kmsKeyArn?: string | undefined;
}

/** The two documents with which a client makes our role: who may assume it, and what it may do. */
export interface ClientRolePolicies {
  readonly trustPolicy: PolicyDocument;
  readonly permissionPolicy: PolicyDocument;
}

/**
 * What to print at onboarding. The external ID condition is what keeps another customer of ours from naming this role
 * (IAM user guide, "The confused deputy problem").
 */
export function clientRolePolicies(grant: ClientGrant): ClientRolePolicies {
  return {
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'BillvaultAssumes',
          Effect: 'Allow',
          Principal: { AWS: grant.principalArn },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': grant.externalId } },
        },
      ],
    },
    permissionPolicy: { Version: '2012-10-17', Statement: grantStatements(grant) },
  };
}

function grantStatements(grant: ClientGrant): PolicyDocument['Statement'] {
  const { kmsKeyArn } = grant;
  const statements = readStatements(grant);
  if (kmsKeyArn === undefined) return statements;
  return statements.map((statement) =>
    statement.Action === 'kms:Decrypt' ? { ...statement, Resource: kmsKeyArn } : statement,
  );
}
