import { type Reply, xmlReply } from '../../http/reply.ts';
import { ownerId } from '../../world.ts';
import { element, s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { BucketCall, ObjectCall } from '../call.ts';
import { keyEncoder, readMaxKeys } from '../listing-xml.ts';
import type { MultipartUpload } from '../upload.ts';
import { compareUtf8 } from '../utf8-order.ts';
import { findUpload } from './create-upload.ts';

/** Uploads under way by key, then by age. Roll-up by delimiter is left out: nobody lists uploads by folder. */
export function listMultipartUploads(call: BucketCall): Reply {
  const { bucket, query } = call;
  const encode = keyEncoder(query);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const maxUploads = readMaxKeys(query.get('max-uploads'));
  const matching = [...bucket.uploads.values()].filter((upload) => upload.key.startsWith(prefix)).sort(byKeyAndAge);
  const from = matching.findIndex((upload) => comesAfter(upload, keyMarker, idMarker, bucket.uploads.get(idMarker)));
  const rest = from === -1 ? [] : matching.slice(from);
  const page = rest.slice(0, maxUploads);
  const last = rest.length > page.length ? page.at(-1) : undefined;
  return xmlReply(
    xmlDocument(
      'ListMultipartUploadsResult',
      s3Namespace,
      text('Bucket', bucket.name),
      text('KeyMarker', encode(keyMarker)),
      text('UploadIdMarker', idMarker),
      text('Prefix', encode(prefix)),
      text('NextKeyMarker', last === undefined ? undefined : encode(last.key)),
      text('NextUploadIdMarker', last?.uploadId),
      text('MaxUploads', maxUploads),
      text('EncodingType', query.get('encoding-type') ?? undefined),
      text('IsTruncated', last !== undefined),
      ...page.map((upload) =>
        element(
          'Upload',
          text('Key', encode(upload.key)),
          text('UploadId', upload.uploadId),
          text('Initiated', new Date(upload.initiatedMs).toISOString()),
          text('StorageClass', upload.properties.storageClass),
          text('ChecksumAlgorithm', upload.checksumAlgorithm),
          text('ChecksumType', upload.checksumType),
          element('Owner', text('ID', ownerId(bucket.accountId))),
        ),
      ),
    ),
  );
}

export function listParts(call: ObjectCall): Reply {
  const upload = findUpload(call);
  const marker = Number(call.query.get('part-number-marker') ?? '0');
  const maxParts = readMaxKeys(call.query.get('max-parts'));
  const rest = [...upload.parts.values()]
    .filter((part) => part.partNumber > marker)
    .sort((left, right) => left.partNumber - right.partNumber);
  const page = rest.slice(0, maxParts);
  return xmlReply(
    xmlDocument(
      'ListPartsResult',
      s3Namespace,
      text('Bucket', call.bucket.name),
      text('Key', call.key),
      text('UploadId', upload.uploadId),
      text('PartNumberMarker', marker),
      text('NextPartNumberMarker', page.at(-1)?.partNumber),
      text('MaxParts', maxParts),
      text('IsTruncated', rest.length > page.length),
      text('StorageClass', upload.properties.storageClass),
      text('ChecksumAlgorithm', upload.checksumAlgorithm),
      text('ChecksumType', upload.checksumType),
      ...page.map((part) =>
        element(
          'Part',
          text('PartNumber', part.partNumber),
          text('LastModified', new Date(part.lastModifiedMs).toISOString()),
          text('ETag', `"${part.etag}"`),
          text('Size', part.extent.sizeBytes),
          part.checksumAlgorithm === undefined ? '' : text(`Checksum${part.checksumAlgorithm}`, part.checksum),
        ),
      ),
    ),
  );
}

function byKeyAndAge(left: MultipartUpload, right: MultipartUpload): number {
  return (
    compareUtf8(left.key, right.key) ||
    left.initiatedMs - right.initiatedMs ||
    compareUtf8(left.uploadId, right.uploadId)
  );
}

function comesAfter(
  upload: MultipartUpload,
  keyMarker: string,
  idMarker: string,
  marked: MultipartUpload | undefined,
): boolean {
  if (marked !== undefined && idMarker !== '') return byKeyAndAge(upload, marked) > 0;
  return keyMarker === '' || compareUtf8(upload.key, keyMarker) > 0;
}
