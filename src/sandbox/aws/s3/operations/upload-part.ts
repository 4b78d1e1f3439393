import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { maxPartNumber } from '../../limits.ts';
import { s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { ObjectCall } from '../call.ts';
import { checksumHeader } from '../checksums.ts';
import { copyExtent, openCopySource } from '../copy-source.ts';
import { encryptionHeaders } from '../object-headers.ts';
import { receiveBody } from '../receive-body.ts';
import type { MultipartUpload, UploadedPart } from '../upload.ts';
import { demandKey, findUpload } from './create-upload.ts';

export async function uploadPart(call: ObjectCall): Promise<Reply> {
  const partNumber = readPartNumber(call);
  const upload = findUpload(call);
  demandKey(call, upload);
  const body = await receiveBody(call);
  const part: UploadedPart = {
    partNumber,
    extent: body.extent,
    etag: body.md5,
    lastModifiedMs: call.world.clock.nowMs(),
    checksum: body.checksum?.value,
    checksumAlgorithm: body.checksum?.algorithm,
  };
  await keepPart(call, upload, part);
  return {
    status: 200,
    headers: {
      etag: `"${part.etag}"`,
      ...encryptionHeaders(upload.properties.encryption),
      ...(body.checksum === undefined ? {} : { [checksumHeader(body.checksum.algorithm)]: body.checksum.value }),
    },
  };
}

export async function uploadPartCopy(call: ObjectCall): Promise<Reply> {
  const partNumber = readPartNumber(call);
  const upload = findUpload(call);
  demandKey(call, upload);
  const source = openCopySource(call);
  const copied = await copyExtent(call.world.extents, source, upload.checksumAlgorithm);
  const part: UploadedPart = {
    partNumber,
    extent: copied.extent,
    etag: copied.md5,
    lastModifiedMs: call.world.clock.nowMs(),
    checksum: copied.checksum,
    checksumAlgorithm: upload.checksumAlgorithm,
  };
  await keepPart(call, upload, part);
  return xmlReply(
    xmlDocument(
      'CopyPartResult',
      s3Namespace,
      text('LastModified', new Date(part.lastModifiedMs).toISOString()),
      text('ETag', `"${part.etag}"`),
    ),
  );
}

/** A part sent again takes the place of the one before. */
async function keepPart(call: ObjectCall, upload: MultipartUpload, part: UploadedPart): Promise<void> {
  const wrongChecksum = upload.checksumAlgorithm !== undefined && part.checksumAlgorithm !== upload.checksumAlgorithm;
  if (wrongChecksum || !call.bucket.uploads.has(upload.uploadId)) {
    await call.world.extents.remove([part.extent]);
    if (!wrongChecksum) findUpload(call);
    throw new AwsError(
      'InvalidRequest',
      `the upload's checksum is ${upload.checksumAlgorithm?.toLowerCase()}, the part's ${part.checksumAlgorithm?.toLowerCase() ?? 'none'}`,
    );
  }
  const before = call.bucket.keepPart(upload.uploadId, part);
  if (before !== undefined) await call.world.extents.remove([before.extent]);
}

function readPartNumber(call: ObjectCall): number {
  const value = call.query.get('partNumber') ?? '';
  const partNumber = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (partNumber >= 1 && partNumber <= maxPartNumber) return partNumber;
  throw new AwsError('InvalidArgument', `a part has a number from 1 to ${maxPartNumber}`, {
    fields: { ArgumentName: 'partNumber', ArgumentValue: value },
  });
}
