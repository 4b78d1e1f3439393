import { applyBucket } from '../../src/archive/bucket/apply.ts';
import { checkBucket } from '../../src/archive/bucket/check.ts';
import { wantedBucket } from '../../src/archive/bucket/wanted.ts';
import { openBucketAdmin } from '../../src/aws/bucket-admin.ts';
import { listStoredTables } from '../../src/registry/archive/list-archived-tables.ts';
import { type ArchiveScene, archiveBucket, archiveRegion } from './archive-scene.ts';

const daySeconds = 86_400;

export interface Aging {
  /** Lets days pass for the bucket, whose lifecycle then acts, and for the archive. */
  readonly advance: (days: number) => Promise<void>;
  /** The bucket as it is to be for what is stored. @returns whether it was so */
  readonly applyLifecycle: () => Promise<boolean>;
}

/** A scene whose time passes from now on, in the bucket and here alike. */
export function aging(scene: ArchiveScene): ArchiveScene & Aging {
  const { aws, context } = scene;
  const { accessKeyId, secretAccessKey } = scene.user;
  const { endpoint } = aws;
  const access = { s3Endpoint: endpoint, stsEndpoint: endpoint, baseCredentials: { accessKeyId, secretAccessKey } };
  const start = Date.now();
  let day = 0;
  return Object.assign(scene, {
    async advance(days: number) {
      day += days;
      await aws.admin.advanceClock(days * daySeconds);
      scene.setNow(new Date(start + day * daySeconds * 1_000));
      await aws.admin.runLifecycle();
    },
    async applyLifecycle() {
      await using admin = openBucketAdmin(access, { bucket: archiveBucket, region: archiveRegion });
      const wanted = wantedBucket(context.destination, await listStoredTables(context.registry));
      const { isFit } = await checkBucket({ admin, wanted });
      await applyBucket({ admin, wanted });
      return isFit;
    },
  });
}
