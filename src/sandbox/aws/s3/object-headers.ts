import type { HeaderFields } from '../http/reply.ts';
import { type BucketCall, type ObjectCall, objectArn } from './call.ts';
import { checksumHeader } from './checksums.ts';
import type { Encryption, StoredObject } from './object-version.ts';
import { restoreHeader } from './restore.ts';

/** The headers of a GET or HEAD that describe the object; lock fields only for callers who may see them. */
export function describeObject(call: ObjectCall, object: StoredObject): HeaderFields {
  const tagCount = Object.keys(object.tags).length;
  return {
    'accept-ranges': 'bytes',
    'content-type': 'binary/octet-stream',
    ...object.headers,
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.lastModifiedMs).toUTCString(),
    'x-amz-storage-class': object.storageClass === 'STANDARD' ? undefined : object.storageClass,
    'x-amz-restore': restoreHeader(object.restore, call.nowMs),
    'x-amz-tagging-count': tagCount === 0 ? undefined : String(tagCount),
    ...versionHeader(call, object.versionId),
    ...encryptionHeaders(object.encryption),
    ...lockHeaders(call, object),
  };
}

/** A bucket that never was versioned does not speak of versions. */
export function versionHeader(call: BucketCall, versionId: string): HeaderFields {
  return { 'x-amz-version-id': call.bucket.versioning === undefined ? undefined : versionId };
}

export function encryptionHeaders(encryption: Encryption): HeaderFields {
  return {
    'x-amz-server-side-encryption': encryption.algorithm,
    'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyArn,
  };
}

export function checksumHeaders(object: Pick<StoredObject, 'checksum'>): HeaderFields {
  if (object.checksum === undefined) return {};
  return {
    [checksumHeader(object.checksum.algorithm)]: object.checksum.value,
    'x-amz-checksum-type': object.checksum.type,
  };
}

function lockHeaders(call: ObjectCall, object: StoredObject): HeaderFields {
  if (call.bucket.objectLock === undefined) return {};
  const { retention, legalHold } = object.lock;
  const maySeeHold = legalHold !== undefined && call.may('s3:GetObjectLegalHold', objectArn(call));
  const maySeeRetention = retention !== undefined && call.may('s3:GetObjectRetention', objectArn(call));
  return {
    'x-amz-object-lock-mode': maySeeRetention ? retention.mode : undefined,
    'x-amz-object-lock-retain-until-date': maySeeRetention ? new Date(retention.untilMs).toISOString() : undefined,
    'x-amz-object-lock-legal-hold': maySeeHold ? holdStatus(legalHold) : undefined,
  };
}

export function holdStatus(isOn: boolean): 'ON' | 'OFF' {
  return isOn ? 'ON' : 'OFF';
}
