import { type BucketAdmin, openBucketAdmin } from '../../aws/bucket-admin.ts';
import type { BucketState } from '../../aws/bucket-state.ts';
import type { AwsConfig } from '../../aws/config.ts';
import type { ArchiveConfiguration } from '../configuration.ts';
import type { BucketDestination } from './archived-table.ts';

type Configured = Pick<ArchiveConfiguration, 'destination'>;

/** The archive's bucket as billvault.yaml has it. */
export function configuredBucket({ destination }: Configured): BucketDestination {
  const { bucket, region, prefix, encryption, replication, bypassRoles: bypassRoleArns } = destination;
  const { required, ...algorithm } = encryption;
  return {
    bucket,
    region,
    prefix,
    encryption: algorithm,
    refusesOtherEncryption: required,
    bypassRoleArns,
    replication,
  };
}

/**
 * A hand on its settings. They are changed with the service's own rights: neither the writer's nor the verifier's role has
 * them. What the service may not see itself is read as the verifier, whose role may see every setting.
 */
export function openConfiguredBucket(
  { destination }: Configured,
  aws: Partial<Pick<AwsConfig, 'stsEndpoint' | 'sessionSeconds' | 'baseCredentials'>>,
): BucketAdmin {
  const { bucket, region, endpoint: s3Endpoint, verifierRole } = destination;
  const settings = { ...aws, s3Endpoint };
  const own = openBucketAdmin(settings, { bucket, region });
  if (verifierRole === undefined) return own;
  const verifier = openBucketAdmin(settings, { bucket, region, role: { ...verifierRole, region } });
  return {
    bucket,
    async read(options) {
      const seen = await own.read(options);
      return isHidden(seen) ? filledIn(seen, await verifier.read(options)) : seen;
    },
    change: (change, options) => own.change(change, options),
    async [Symbol.asyncDispose]() {
      await own[Symbol.asyncDispose]();
      await verifier[Symbol.asyncDispose]();
    },
  };
}

function isHidden({ bucket, ...settings }: BucketState): boolean {
  return Object.values(settings).some((one) => !one.seen && one.why === 'denied');
}

function filledIn(own: BucketState, other: BucketState): BucketState {
  const settings = Object.entries(other).filter(([name]) => {
    const mine = own[name as keyof BucketState];
    return typeof mine !== 'string' && !mine.seen;
  });
  return { ...own, ...Object.fromEntries(settings) };
}
