import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Bucket } from './bucket.ts';
import type { ObjectCall } from './call.ts';
import type { ExtentStore } from './extent-store.ts';
import type { Encryption, ObjectVersion, StoredObject } from './object-version.ts';
import { checkWriteConditions, isConditionalWrite } from './preconditions.ts';

export type NewObject = Omit<StoredObject, 'kind' | 'key' | 'versionId' | 'lastModifiedMs' | 'restore'>;

/**
 * Runs a write under its conditions: checked once before the body is read, so that a hopeless upload ends early, and again
 * at the moment of publishing, which nothing can come between.
 * @throws AwsError PreconditionFailed, ConditionalRequestConflict when a delete came between
 */
export async function publishConditionally(call: ObjectCall, prepare: () => Promise<NewObject>): Promise<StoredObject> {
  const { bucket, key, headers } = call;
  checkWriteConditions(headers, bucket.current(key));
  const ticket = bucket.races.begin(key);
  try {
    const object = await prepare();
    try {
      if (ticket.disturbed && isConditionalWrite(headers)) {
        throw new AwsError('ConditionalRequestConflict', 'another write of this key is under way');
      }
      checkWriteConditions(headers, bucket.current(key));
    } catch (error) {
      await call.world.extents.remove(object.extents);
      throw error;
    }
    return publishObject({ bucket, extents: call.world.extents }, key, object, { nowMs: call.world.clock.nowMs() });
  } finally {
    bucket.races.end(key, ticket);
  }
}

/** Makes an object the current version of its key; `uploadId` is the upload that ends with it. */
export async function publishObject(
  place: { readonly bucket: Bucket; readonly extents: ExtentStore },
  key: string,
  object: NewObject,
  when: { readonly nowMs: number; readonly uploadId?: string },
): Promise<StoredObject> {
  const version: StoredObject = {
    ...object,
    kind: 'object',
    key,
    versionId: place.bucket.nextVersionId(),
    lastModifiedMs: when.nowMs,
    restore: undefined,
  };
  await discard(place.extents, place.bucket.push(version, when.uploadId));
  return version;
}

/** Frees the bytes of a version that is out of its bucket. */
export async function discard(extents: ExtentStore, version: ObjectVersion | undefined): Promise<void> {
  if (version?.kind === 'object') await extents.remove(version.extents);
}

/** Under a KMS key an ETag is not the MD5 of the content. */
export function etagFor(md5: string, encryption: Encryption): string {
  return encryption.keyArn === undefined ? md5 : createHash('md5').update(`${encryption.keyArn}/${md5}`).digest('hex');
}
