import { AppError } from '../errors.ts';

/**
 * AWS's partitions: their own ARNs, accounts, regions and domain names. A role of one cannot reach another.
 * Source: AWS General Reference, "AWS service endpoints" and "ARNs"; the partition data that every AWS SDK ships.
 */
const partitions = [
  { name: 'aws-cn', regionPrefix: 'cn-', domain: 'amazonaws.com.cn' },
  { name: 'aws-us-gov', regionPrefix: 'us-gov-', domain: 'amazonaws.com' },
  { name: 'aws-iso', regionPrefix: 'us-iso-', domain: 'c2s.ic.gov' },
  { name: 'aws-iso-b', regionPrefix: 'us-isob-', domain: 'sc2s.sgov.gov' },
  { name: 'aws-iso-e', regionPrefix: 'eu-isoe-', domain: 'cloud.adc-e.uk' },
  { name: 'aws-iso-f', regionPrefix: 'us-isof-', domain: 'csp.hci.ic.gov' },
  { name: 'aws-eusc', regionPrefix: 'eusc-', domain: 'amazonaws.eu' },
  // The last: every region that no other partition claims.
  { name: 'aws', regionPrefix: '', domain: 'amazonaws.com' },
] as const;

export type Partition = (typeof partitions)[number]['name'];

const regionPattern = /^[a-z]{2,5}(?:-[a-z]+)+-\d{1,2}$/;

export function isPartition(name: string): name is Partition {
  return partitions.some((partition) => partition.name === name);
}

export function partitionNames(): readonly Partition[] {
  return partitions.map((partition) => partition.name);
}

/** The domain under which the partition's services answer, as in `s3.eu-west-1.amazonaws.com`. */
export function partitionDomain(name: Partition): string {
  return partitions.find((partition) => partition.name === name)?.domain ?? 'amazonaws.com';
}

export function isAwsRegion(name: string): boolean {
  return regionPattern.test(name);
}

/** @throws AppError BAD_INPUT if this is no region name */
export function partitionOfRegion(region: string): Partition {
  if (!isAwsRegion(region)) {
    throw new AppError('BAD_INPUT', `region "${region}" is no AWS region name: expected one like eu-west-1`);
  }
  return partitions.find((partition) => region.startsWith(partition.regionPrefix))?.name ?? 'aws';
}
