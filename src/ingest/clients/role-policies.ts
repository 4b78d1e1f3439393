import { parseRoleArn } from '../../aws/arn.ts';
import { checkBucketName } from '../../aws/bucket-name.ts';
import { type ClientRolePolicies, clientRolePolicies } from '../../aws/trust-policy.ts';
import { AppError } from '../../errors.ts';
import type { RoleDetail } from '../../registry/role/list-roles.ts';

export interface PolicyRequest {
  readonly role: RoleDetail;
  /** Our own identity (`aws.principalArn`), or our account's root. */
  readonly principalArn: string | undefined;
  readonly bucket: string;
  readonly prefix: string;
}

/**
 * The two documents with which the client makes the role.
 * @throws AppError BAD_CONFIG when we do not know who we are, BAD_INPUT for what is no bucket
 */
export function rolePolicies({ role, principalArn, bucket, prefix }: PolicyRequest): ClientRolePolicies {
  if (principalArn === undefined) {
    throw new AppError(
      'BAD_CONFIG',
      'the policies name who will assume the role: set aws.principalArn (BILLVAULT_AWS_PRINCIPAL_ARN) to the ARN of the identity that this service runs as',
    );
  }
  const { partition } = parseRoleArn(role.arn);
  checkBucketName(bucket);
  return clientRolePolicies({ principalArn, partition, bucket, prefix, externalId: role.externalId });
}
