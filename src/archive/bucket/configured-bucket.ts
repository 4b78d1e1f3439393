import { type BucketAdmin, openBucketAdmin } from '../../aws/bucket-admin.ts';
import type { AwsConfig } from '../../aws/config.ts';
import type { ArchiveConfiguration } from '../configuration.ts';
import type { BucketDestination } from './archived-table.ts';

type Configured = Pick<ArchiveConfiguration, 'destination'>;

/** The archive's bucket as billvault.yaml has it. */
export function configuredBucket({ destination }: Configured): BucketDestination {
  const { bucket, region, prefix, encryption, replication } = destination;
  const { required, ...algorithm } = encryption;
  return { bucket, region, prefix, encryption: algorithm, refusesOtherEncryption: required, replication };
}

/** A hand on its settings, with the service's own rights: neither the writer's nor the verifier's role has them. */
export function openConfiguredBucket(
  { destination }: Configured,
  aws: Partial<Pick<AwsConfig, 'stsEndpoint' | 'sessionSeconds'>>,
): BucketAdmin {
  const { bucket, region, endpoint: s3Endpoint } = destination;
  return openBucketAdmin({ ...aws, s3Endpoint }, { bucket, region });
}
