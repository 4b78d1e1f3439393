import { AwsError } from '../aws-error.ts';
import { bucketArn, demand, type ObjectCall } from './call.ts';
import type { StoredObject } from './object-version.ts';

/**
 * The version that a request speaks of: the one it names, or the current one.
 * @throws AwsError NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker); AccessDenied instead of 404 for a caller
 *   who may not list, as S3 does not tell such a caller what exists
 */
export function findVersion(call: ObjectCall): StoredObject {
  const versionId = call.query.get('versionId');
  const version = versionId === null ? call.bucket.versionsOf(call.key)[0] : call.bucket.find(call.key, versionId);
  if (version?.kind === 'object') return version;
  if (versionId !== null && version?.kind === 'marker') {
    throw new AwsError('MethodNotAllowed', 'this method does not go with this resource', {
      headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId, allow: 'DELETE' },
    });
  }
  demand(call, 's3:ListBucket', bucketArn(call.bucket));
  if (versionId !== null) {
    throw new AwsError('NoSuchVersion', 'there is no such version', {
      fields: { Key: call.key, VersionId: versionId },
    });
  }
  throw new AwsError('NoSuchKey', 'there is no object with this key', {
    fields: { Key: call.key },
    headers: version === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId },
  });
}
