/** AWS's partition of a region: what its ARNs begin with, and where its services answer. */
export interface Partition {
  readonly name: string;
  readonly domain: string;
}

export function partitionOf(region: string): Partition {
  if (region.startsWith('cn-')) return { name: 'aws-cn', domain: 'amazonaws.com.cn' };
  if (region.startsWith('us-gov-')) return { name: 'aws-us-gov', domain: 'amazonaws.com' };
  return { name: 'aws', domain: 'amazonaws.com' };
}
