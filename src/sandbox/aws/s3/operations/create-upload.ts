import { randomBytes } from 'node:crypto';
import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { s3Namespace, text, xmlDocument } from '../../xml.ts';
import { demand, type ObjectCall } from '../call.ts';
import { multipartChecksumType, parseAlgorithm } from '../checksums.ts';
import { encryptionHeaders } from '../object-headers.ts';
import { readProperties } from '../object-properties.ts';
import type { MultipartUpload, NewUpload } from '../upload.ts';

export function createMultipartUpload(call: ObjectCall): Reply {
  const named = call.headers.get('x-amz-checksum-algorithm');
  const checksumAlgorithm = named === undefined ? undefined : parseAlgorithm(named);
  const askedType = call.headers.get('x-amz-checksum-type');
  const checksumType =
    checksumAlgorithm === undefined ? undefined : multipartChecksumType(checksumAlgorithm, askedType);
  const upload: NewUpload = {
    uploadId: randomBytes(48).toString('base64url'),
    key: call.key,
    initiatedMs: call.nowMs,
    properties: readProperties(call),
    checksumAlgorithm,
    checksumType,
  };
  call.bucket.beginUpload(upload);
  return xmlReply(
    xmlDocument(
      'InitiateMultipartUploadResult',
      s3Namespace,
      text('Bucket', call.bucket.name),
      text('Key', call.key),
      text('UploadId', upload.uploadId),
    ),
    {
      ...encryptionHeaders(upload.properties.encryption),
      'x-amz-checksum-algorithm': checksumAlgorithm,
      'x-amz-checksum-type': checksumType,
    },
  );
}

export async function abortMultipartUpload(call: ObjectCall): Promise<Reply> {
  const upload = findUpload(call);
  call.bucket.endUpload(upload.uploadId);
  await call.world.extents.remove([...upload.parts.values()].map((part) => part.extent));
  return { status: 204 };
}

/** Under a KMS key parts are decrypted to be put together ("Multipart upload API and permissions", S3 user guide). */
export function demandKey(call: ObjectCall, { properties }: MultipartUpload): void {
  const { keyArn } = properties.encryption;
  if (keyArn !== undefined) demand(call, 'kms:Decrypt', keyArn);
}

/** @throws AwsError NoSuchUpload, also for an upload of another key */
export function findUpload(call: ObjectCall): MultipartUpload {
  const uploadId = call.query.get('uploadId') ?? '';
  const upload = call.bucket.uploads.get(uploadId);
  if (upload?.key === call.key) return upload;
  throw new AwsError('NoSuchUpload', 'there is no such upload, or none any more', { fields: { UploadId: uploadId } });
}
