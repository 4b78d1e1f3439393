import { AppError } from '../errors.ts';
import { isPartition, type Partition, partitionNames, partitionOfRegion } from './partition.ts';

/** An IAM role's ARN in its parts. `path` starts and ends with a slash, and is `/` where there is none. */
export interface RoleArn {
  readonly arn: string;
  readonly partition: Partition;
  /** Twelve digits. */
  readonly account: string;
  readonly path: string;
  readonly name: string;
}

// IAM reference, "IAM identifiers" and the limits of CreateRole: a path of up to 512 printable characters between
// slashes, a name of up to 64.
const roleArnPattern =
  /^arn:(?<partition>[a-z-]+):iam::(?<account>\d{12}):role(?<path>\/(?:[\x21-\x7e]{1,510}\/)?)(?<name>[\w+=,.@-]{1,64})$/;

/** @throws AppError BAD_INPUT naming the value and what is expected */
export function parseRoleArn(text: string): RoleArn {
  const parts = roleArnPattern.exec(text)?.groups;
  if (!parts) throw new AppError('BAD_INPUT', `"${text}" is not the ARN of an IAM role: ${expectedInstead(text)}`);
  const { partition = '', account = '', path = '/', name = '' } = parts;
  if (!isPartition(partition)) {
    throw new AppError('BAD_INPUT', `"${text}" names no AWS partition: expected one of ${partitionNames().join(', ')}`);
  }
  return { arn: text, partition, account, path, name };
}

/** @throws AppError BAD_INPUT if the role's partition has no such region */
export function requireSamePartition(role: RoleArn, region: string): void {
  const expected = partitionOfRegion(region);
  if (expected === role.partition) return;
  throw new AppError(
    'BAD_INPUT',
    `region ${region} is in partition ${expected}, but role ${role.arn} is in ${role.partition}: give a region of ${role.partition}`,
  );
}

function expectedInstead(text: string): string {
  if (/^arn:[a-z-]+:sts::/.test(text)) return 'that is an assumed session; give the role, as in arn:aws:iam::…:role/…';
  if (/^arn:[a-z-]+:iam::\d{12}:user\//.test(text)) return 'that is a user; Billvault assumes roles only';
  return 'expected arn:<partition>:iam::<12 digits>:role/<path/name>, for example arn:aws:iam::123456789012:role/billing';
}
