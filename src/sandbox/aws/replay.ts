import { AppError } from '../../errors.ts';
import type { Change } from './change.ts';
import type { Bucket } from './s3/bucket.ts';
import type { World } from './world.ts';

/** Makes a change that was noted earlier. */
export function replay(world: World, change: Change): void {
  switch (change.kind) {
    case 'time':
      world.clock.advance(change.seconds);
      break;
    case 'user':
      world.directory.addUser(change.user);
      break;
    case 'role':
      world.directory.addRole(change.role);
      break;
    case 'role-gone':
      world.directory.deleteRole(change.arn);
      break;
    case 'kms-key':
      world.kmsKeys.add(change.key);
      break;
    case 'bucket':
      world.buckets.add(change.bucket);
      break;
    case 'bucket-gone':
      world.buckets.remove(change.bucket);
      break;
    case 'settings':
      bucketOf(world, change).change(change.settings);
      break;
    case 'version':
      bucketOf(world, change).push(change.version, change.uploadId);
      break;
    case 'properties':
      bucketOf(world, change).replace(change.version);
      break;
    case 'version-gone':
      bucketOf(world, change).remove(change.key, change.versionId);
      break;
    case 'upload':
      bucketOf(world, change).beginUpload(change.upload);
      break;
    case 'part':
      bucketOf(world, change).keepPart(change.uploadId, change.part);
      break;
    case 'upload-gone':
      bucketOf(world, change).endUpload(change.uploadId);
      break;
    default:
      throw new AppError('INTERNAL', `the sandbox's journal holds an unknown change: ${JSON.stringify(change)}`);
  }
}

/** The shortest list of changes that makes this world from an empty one. */
export function* changesOf(world: World): Generator<Change, void, undefined> {
  yield { kind: 'time', seconds: world.clock.aheadMs / 1000 };
  for (const user of world.directory.users()) yield { kind: 'user', user };
  for (const role of world.directory.roles()) yield { kind: 'role', role };
  for (const key of world.kmsKeys.values()) yield { kind: 'kms-key', key };
  for (const bucket of world.buckets.values()) yield* changesOfBucket(bucket);
}

function* changesOfBucket(bucket: Bucket): Generator<Change, void, undefined> {
  const { name, accountId, region, createdMs } = bucket;
  yield { kind: 'bucket', bucket: { name, accountId, region, createdMs } };
  yield { kind: 'settings', bucket: name, settings: bucket.settings };
  for (const key of bucket.keys.sorted()) {
    for (const version of bucket.versionsOf(key).toReversed()) yield { kind: 'version', bucket: name, version };
  }
  for (const { parts, ...upload } of bucket.uploads.values()) {
    yield { kind: 'upload', bucket: name, upload };
    for (const part of parts.values()) yield { kind: 'part', bucket: name, uploadId: upload.uploadId, part };
  }
}

/** The extents that anything refers to. */
export function extentsInUse(world: World): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const bucket of world.buckets.values()) {
    for (const version of bucket.allVersions()) {
      if (version.kind === 'object') for (const { id } of version.extents) ids.add(id);
    }
    for (const { parts } of bucket.uploads.values()) for (const { extent } of parts.values()) ids.add(extent.id);
  }
  return ids;
}

function bucketOf(world: World, change: { readonly bucket: string }): Bucket {
  const bucket = world.buckets.get(change.bucket);
  if (bucket !== undefined) return bucket;
  throw new AppError('INTERNAL', `the sandbox's journal speaks of a bucket that it never made: ${change.bucket}`);
}
