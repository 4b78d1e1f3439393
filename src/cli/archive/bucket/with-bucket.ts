import { collectWantedBucket } from '../../../archive/bucket/collect-wanted.ts';
import { configuredBucket, openConfiguredBucket } from '../../../archive/bucket/configured-bucket.ts';
import type { WantedBucket } from '../../../archive/bucket/wanted.ts';
import type { ArchiveContext } from '../../../archive/context.ts';
import type { BucketAdmin } from '../../../aws/bucket-admin.ts';
import type { Config } from '../../../config.ts';
import { AppError } from '../../../errors.ts';
import type { Cli } from '../../cli.ts';
import { withArchive } from '../with-archive.ts';

export interface BucketAtWork {
  readonly archive: ArchiveContext;
  readonly admin: BucketAdmin;
  readonly wanted: WantedBucket;
}

/** The archive's bucket, and what it is to be. */
export function withBucket<T>(cli: Cli, work: (bucket: BucketAtWork) => Promise<T>): Promise<T> {
  return withArchive(cli, async (archive, { config }) => {
    const configuration = requireConfigured(config);
    const wanted = await collectWantedBucket(archive, configuredBucket(configuration));
    const { stsEndpoint, sessionSeconds } = config.aws;
    await using admin = openConfiguredBucket(configuration, { stsEndpoint, sessionSeconds });
    return await work({ archive, admin, wanted });
  });
}

/** Where there is a context there is its configuration: this only tells the types. */
export function requireConfigured({ archive }: Config): NonNullable<Config['archive']> {
  if (archive === undefined) throw new AppError('INTERNAL', 'an archive without its configuration');
  return archive;
}
