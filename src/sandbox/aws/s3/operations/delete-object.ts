import type { Reply } from '../../http/reply.ts';
import type { ObjectCall } from '../call.ts';
import { checkWriteConditions } from '../preconditions.ts';
import { deleteVersion } from './delete-version.ts';

export async function deleteObject(call: ObjectCall): Promise<Reply> {
  if (call.headers.has('if-match')) checkWriteConditions(call.headers, call.bucket.current(call.key));
  const deleted = await deleteVersion(call, call.query.get('versionId'));
  return {
    status: 204,
    headers: {
      'x-amz-version-id': call.bucket.versioning === undefined ? undefined : deleted.versionId,
      'x-amz-delete-marker': deleted.isMarker ? 'true' : undefined,
    },
  };
}
