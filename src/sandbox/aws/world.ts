import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import type { Note } from './change.ts';
import { Clock } from './clock.ts';
import { Directory } from './iam/directory.ts';
import { KmsKeys } from './kms/kms-keys.ts';
import { RequestLog } from './request-log.ts';
import type { Bucket } from './s3/bucket.ts';
import { Buckets } from './s3/buckets.ts';
import type { ExtentBytes, ExtentStore } from './s3/extent-store.ts';
import { HeldExtents } from './s3/held-extents.ts';

/** Everything that the stand-in knows. */
export interface World {
  readonly defaultRegion: string;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly buckets: Buckets;
  readonly extents: ExtentStore;
  readonly kmsKeys: KmsKeys;
  readonly log: RequestLog;
}

/** An empty one. @param note hears of every change, log and sessions excepted */
export function newWorld(defaultRegion: string, bytes: ExtentBytes, note: Note): World {
  return {
    defaultRegion,
    clock: new Clock(note),
    directory: new Directory(note),
    buckets: new Buckets(note),
    extents: new HeldExtents(bytes),
    kmsKeys: new KmsKeys(note),
    log: new RequestLog(),
  };
}

/** @throws AwsError NoSuchBucket */
export function findBucket(world: World, name: string): Bucket {
  const bucket = world.buckets.get(name);
  if (bucket !== undefined) return bucket;
  throw new AwsError('NoSuchBucket', 'there is no such bucket', { fields: { BucketName: name } });
}

/** The canonical user id that S3 shows as the owner. */
export function ownerId(accountId: string): string {
  return createHash('sha256').update(`canonical-user/${accountId}`).digest('hex');
}
