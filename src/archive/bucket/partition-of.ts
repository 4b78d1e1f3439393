import { isAwsRegion, type Partition, partitionOfRegion } from '../../aws/partition.ts';

/** Of a region's ARNs; a server that names its regions its own way has ARNs like AWS's own. */
export function partitionOfDestination({ region }: { readonly region: string }): Partition {
  return isAwsRegion(region) ? partitionOfRegion(region) : 'aws';
}
