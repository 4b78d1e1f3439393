import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { ObjectCall } from '../call.ts';
import { parseAlgorithm } from '../checksums.ts';
import { copyExtent, openCopySource } from '../copy-source.ts';
import { readProperties } from '../object-properties.ts';
import { etagFor, publishConditionally } from '../publish-object.ts';
import { writtenHeaders } from './put-object.ts';

/** Metadata and tags come from the source unless REPLACE is asked for; class, encryption and lock never do. */
export async function copyObject(call: ObjectCall): Promise<Reply> {
  const source = openCopySource(call);
  const asked = readProperties(call);
  const replacesMetadata = readDirective(call, 'x-amz-metadata-directive');
  const replacesTags = readDirective(call, 'x-amz-tagging-directive');
  const properties = {
    ...asked,
    headers: replacesMetadata ? asked.headers : source.object.headers,
    tags: replacesTags ? asked.tags : source.object.tags,
  };
  const named = call.headers.get('x-amz-checksum-algorithm');
  const algorithm = named === undefined ? source.object.checksum?.algorithm : parseAlgorithm(named);
  const object = await publishConditionally(call, async () => {
    const copy = await copyExtent(call.world.extents, source, algorithm);
    return {
      ...properties,
      etag: etagFor(copy.md5, properties.encryption),
      sizeBytes: copy.extent.sizeBytes,
      extents: [copy.extent],
      partCount: 0,
      checksum:
        algorithm === undefined || copy.checksum === undefined
          ? undefined
          : { algorithm, value: copy.checksum, type: 'FULL_OBJECT' },
    };
  });
  return xmlReply(
    xmlDocument(
      'CopyObjectResult',
      s3Namespace,
      text('LastModified', new Date(object.lastModifiedMs).toISOString()),
      text('ETag', `"${object.etag}"`),
    ),
    { ...writtenHeaders(call, object), 'x-amz-copy-source-version-id': sourceVersion(source.object.versionId) },
  );
}

function sourceVersion(versionId: string): string | undefined {
  return versionId === 'null' ? undefined : versionId;
}

function readDirective(call: ObjectCall, header: string): boolean {
  const value = call.headers.get(header) ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value === 'REPLACE';
  throw new AwsError('InvalidArgument', `Unknown ${header}.`, {
    fields: { ArgumentName: header, ArgumentValue: value },
  });
}
