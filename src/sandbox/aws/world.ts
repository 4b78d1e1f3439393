import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AwsError } from './aws-error.ts';
import { Clock } from './clock.ts';
import { Directory } from './iam/directory.ts';
import { RequestLog } from './request-log.ts';
import type { Bucket } from './s3/bucket.ts';
import type { ExtentStore } from './s3/extent-store.ts';
import { FolderExtents } from './s3/folder-extents.ts';
import { MemoryExtents } from './s3/memory-extents.ts';

/** Everything that the stand-in knows. */
export interface World {
  readonly defaultRegion: string;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly buckets: Map<string, Bucket>;
  readonly extents: ExtentStore;
  readonly log: RequestLog;
}

/** @param folder where objects are kept; in memory without it */
export function newWorld(defaultRegion: string, folder: string | undefined): World {
  return {
    defaultRegion,
    clock: new Clock(),
    directory: new Directory(),
    buckets: new Map(),
    extents: folder === undefined ? new MemoryExtents() : new FolderExtents(join(folder, 'extents')),
    log: new RequestLog(),
  };
}

/** @throws AwsError NoSuchBucket */
export function findBucket(world: World, name: string): Bucket {
  const bucket = world.buckets.get(name);
  if (bucket !== undefined) return bucket;
  throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', { fields: { BucketName: name } });
}

/** The canonical user id that S3 shows as the owner. */
export function ownerId(accountId: string): string {
  return createHash('sha256').update(`canonical-user/${accountId}`).digest('hex');
}
