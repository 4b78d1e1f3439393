import { type BucketSettings, bucketSettings } from '../../../archive/bucket/bucket-settings.ts';
import { configuredBucket, openConfiguredBucket } from '../../../archive/bucket/configured-bucket.ts';
import type { Config } from '../../../config.ts';
import { AppError } from '../../../errors.ts';
import type { Cli } from '../../cli.ts';
import { withArchive } from '../with-archive.ts';

/** The archive's bucket, and what it is to be. */
export function withBucket<T>(cli: Cli, work: (bucket: BucketSettings) => Promise<T>): Promise<T> {
  return withArchive(cli, (context, { config }) => {
    const configured = requireConfigured(config);
    const { stsEndpoint, sessionSeconds } = config.aws;
    const openAdmin = () => openConfiguredBucket(configured, { stsEndpoint, sessionSeconds });
    return work(bucketSettings({ context, destination: configuredBucket(configured), openAdmin }));
  });
}

/** Where there is a context there is its configuration: this only tells the types. */
export function requireConfigured({ archive }: Config): NonNullable<Config['archive']> {
  if (archive === undefined) throw new AppError('INTERNAL', 'an archive without its configuration');
  return archive;
}
