import type { Reply } from '../../http/reply.ts';
import type { ObjectCall } from '../call.ts';
import { checksumHeaders, encryptionHeaders, versionHeader } from '../object-headers.ts';
import { readProperties } from '../object-properties.ts';
import type { StoredObject } from '../object-version.ts';
import { etagFor, publishConditionally } from '../publish-object.ts';
import { receiveBody } from '../receive-body.ts';

export async function putObject(call: ObjectCall): Promise<Reply> {
  const properties = readProperties(call);
  const object = await publishConditionally(call, async () => {
    const body = await receiveBody(call);
    return {
      ...properties,
      etag: etagFor(body.md5, properties.encryption),
      sizeBytes: body.extent.sizeBytes,
      extents: [body.extent],
      partCount: 0,
      checksum: body.checksum === undefined ? undefined : { ...body.checksum, type: 'FULL_OBJECT' },
    };
  });
  return { status: 200, headers: { etag: `"${object.etag}"`, ...writtenHeaders(call, object) } };
}

/** What every write answers about the version it made. */
export function writtenHeaders(call: ObjectCall, object: StoredObject): NonNullable<Reply['headers']> {
  return {
    ...versionHeader(call, object.versionId),
    ...encryptionHeaders(object.encryption),
    ...checksumHeaders(object),
  };
}
