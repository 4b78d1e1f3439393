import assert from 'node:assert/strict';
import { PutBucketLifecycleConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { type ArchiveScene, archiveBucket, archiveRegion } from './archive-scene.ts';

export const hourSeconds = 3_600;

/** All parts of the source `ledger`, by the bucket's own lifecycle: three days pass. */
export async function moveToDeepArchive(scene: ArchiveScene): Promise<void> {
  const { accessKeyId, secretAccessKey } = scene.user;
  const s3 = new S3Client({
    endpoint: scene.aws.endpoint,
    region: archiveRegion,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const Rules = [
    {
      ID: 'cold',
      Status: 'Enabled',
      Filter: { Prefix: 'archive/ledger/' },
      Transitions: [{ Days: 1, StorageClass: 'DEEP_ARCHIVE' }],
    },
  ] as const;
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: archiveBucket,
      LifecycleConfiguration: { Rules: Rules.map((rule) => ({ ...rule, Transitions: [...rule.Transitions] })) },
    }),
  );
  s3.destroy();
  await scene.aws.admin.advanceClock(3 * 24 * hourSeconds);
  assert.ok((await scene.aws.admin.runLifecycle()) >= 1, 'objects were moved');
}
