import { type Reply, xmlReply } from '../../http/reply.ts';
import { element, s3Namespace, text, xmlDocument } from '../../xml.ts';
import { demand, type ObjectCall } from '../call.ts';
import { findVersion } from '../find-version.ts';
import { versionHeader } from '../object-headers.ts';

/** Answers what `x-amz-object-attributes` asks for; the list of parts is left to their number. */
export function getObjectAttributes(call: ObjectCall): Reply {
  const object = findVersion(call);
  if (object.encryption.keyArn !== undefined) demand(call, 'kms:Decrypt', object.encryption.keyArn);
  const asked = new Set((call.headers.get('x-amz-object-attributes') ?? '').split(/\s*,\s*/));
  const { checksum } = object;
  return xmlReply(
    xmlDocument(
      'GetObjectAttributesResponse',
      s3Namespace,
      asked.has('ETag') ? text('ETag', object.etag) : '',
      asked.has('Checksum') && checksum !== undefined
        ? element(
            'Checksum',
            text(`Checksum${checksum.algorithm}`, checksum.value),
            text('ChecksumType', checksum.type),
          )
        : '',
      asked.has('ObjectParts') && object.partCount > 0
        ? element('ObjectParts', text('PartsCount', object.partCount))
        : '',
      asked.has('StorageClass') ? text('StorageClass', object.storageClass) : '',
      asked.has('ObjectSize') ? text('ObjectSize', object.sizeBytes) : '',
    ),
    { 'last-modified': new Date(object.lastModifiedMs).toUTCString(), ...versionHeader(call, object.versionId) },
  );
}
