import { createHash } from 'node:crypto';
import { readWhole } from '../../auth/request-body.ts';
import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { maxPartNumber, maxXmlBodyBytes, minPartBytes } from '../../limits.ts';
import { malformed, parseXml, s3Namespace, text, type XmlElement, xmlDocument } from '../../xml.ts';
import type { ObjectCall } from '../call.ts';
import { badChecksum, type Checksum, checksumHeader, compositeChecksum, newDigest } from '../checksums.ts';
import { readHeld, totalBytes } from '../extent-store.ts';
import { checksumHeaders, encryptionHeaders, versionHeader } from '../object-headers.ts';
import { checkWriteConditions, isConditionalWrite } from '../preconditions.ts';
import { etagFor, publishObject } from '../publish-object.ts';
import type { MultipartUpload, UploadedPart } from '../upload.ts';
import { demandKey, findUpload } from './create-upload.ts';

export async function completeMultipartUpload(call: ObjectCall): Promise<Reply> {
  const upload = findUpload(call);
  checkWriteConditions(call.headers, call.bucket.current(call.key));
  const ticket = call.bucket.races.begin(call.key);
  try {
    // Read without the usual checksum test: a checksum header here speaks of the object, not of this body.
    const body = (await readWhole(call.body, maxXmlBodyBytes)).toString('utf8');
    const parts = chooseParts(upload, parseXml(body, 'CompleteMultipartUpload'));
    demandKey(call, upload);
    const checksum = await checksumOf(call, upload, parts);
    findUpload(call);
    if (ticket.disturbed && isConditionalWrite(call.headers)) {
      throw new AwsError('ConditionalRequestConflict', 'another write of this key is under way');
    }
    checkWriteConditions(call.headers, call.bucket.current(call.key));
    return await publish(call, upload, parts, checksum);
  } finally {
    call.bucket.races.end(call.key, ticket);
  }
}

async function publish(
  call: ObjectCall,
  upload: MultipartUpload,
  parts: readonly UploadedPart[],
  checksum: Checksum | undefined,
): Promise<Reply> {
  const extents = parts.map((part) => part.extent);
  const md5 = createHash('md5');
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'));
  const object = await publishObject(
    { bucket: call.bucket, extents: call.world.extents },
    call.key,
    {
      ...upload.properties,
      etag: `${etagFor(md5.digest('hex'), upload.properties.encryption)}-${parts.length}`,
      sizeBytes: totalBytes(extents),
      extents,
      partCount: parts.length,
      checksum,
    },
    { nowMs: call.world.clock.nowMs(), uploadId: upload.uploadId },
  );
  const unused = [...upload.parts.values()].filter((part) => !parts.includes(part));
  await call.world.extents.remove(unused.map((part) => part.extent));
  return xmlReply(
    xmlDocument(
      'CompleteMultipartUploadResult',
      s3Namespace,
      text('Location', `/${call.bucket.name}/${call.key}`),
      text('Bucket', call.bucket.name),
      text('Key', call.key),
      text('ETag', `"${object.etag}"`),
      checksum === undefined ? '' : text(`Checksum${checksum.algorithm}`, checksum.value),
      text('ChecksumType', checksum?.type),
    ),
    { ...versionHeader(call, object.versionId), ...encryptionHeaders(object.encryption), ...checksumHeaders(object) },
  );
}

/** @throws AwsError MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest */
function chooseParts(upload: MultipartUpload, request: XmlElement): readonly UploadedPart[] {
  const listed = request.all('Part');
  if (listed.length === 0 || listed.length > maxPartNumber) throw malformed();
  let previous = 0;
  const parts = listed.map((entry) => {
    const partNumber = Number(entry.text('PartNumber')?.trim());
    if (partNumber <= previous) {
      throw new AwsError('InvalidPartOrder', 'parts are to be listed by ascending number');
    }
    previous = partNumber;
    return choosePart(upload, entry, partNumber);
  });
  const tooSmall = parts.slice(0, -1).find((part) => part.extent.sizeBytes < minPartBytes);
  if (tooSmall !== undefined) {
    throw new AwsError('EntityTooSmall', 'only the last part may be this small', {
      fields: {
        ETag: tooSmall.etag,
        PartNumber: String(tooSmall.partNumber),
        ProposedSize: String(tooSmall.extent.sizeBytes),
        MinSizeAllowed: String(minPartBytes),
      },
    });
  }
  return parts;
}

function choosePart(upload: MultipartUpload, entry: XmlElement, partNumber: number): UploadedPart {
  const part = upload.parts.get(partNumber);
  const etag = entry.text('ETag')?.trim().replace(/^"|"$/g, '');
  const algorithm = upload.checksumAlgorithm;
  const claimed = algorithm === undefined ? undefined : entry.text(`Checksum${algorithm}`);
  const isWrong = claimed !== undefined && part?.checksum !== undefined && claimed !== part.checksum;
  if (part === undefined || part.etag !== etag || isWrong) {
    throw new AwsError(
      'InvalidPart',
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      { fields: { UploadId: upload.uploadId, PartNumber: String(partNumber), ETag: etag ?? '' } },
    );
  }
  if (upload.checksumType === 'COMPOSITE' && claimed === undefined) {
    throw new AwsError(
      'InvalidRequest',
      `part ${partNumber} is listed without its ${algorithm?.toLowerCase()} checksum`,
    );
  }
  return part;
}

/** @throws AwsError BadDigest when the client's checksum of the object, or its size, is another */
async function checksumOf(
  call: ObjectCall,
  upload: MultipartUpload,
  parts: readonly UploadedPart[],
): Promise<Checksum | undefined> {
  const size = call.headers.get('x-amz-mp-object-size');
  if (size !== undefined && Number(size) !== totalBytes(parts.map((part) => part.extent))) {
    throw new AwsError('InvalidRequest', 'x-amz-mp-object-size is not the sum of the parts');
  }
  const algorithm = upload.checksumAlgorithm;
  const askedType = call.headers.get('x-amz-checksum-type');
  if (askedType !== undefined && askedType !== upload.checksumType) {
    throw new AwsError(
      'InvalidRequest',
      `the upload was begun for a checksum of type ${upload.checksumType ?? 'none'}`,
    );
  }
  if (algorithm === undefined) return undefined;
  const checksum: Checksum =
    upload.checksumType === 'COMPOSITE'
      ? compositeChecksum(
          algorithm,
          parts.map((part) => part.checksum ?? ''),
        )
      : { algorithm, type: 'FULL_OBJECT', value: await readBack(call, upload, parts) };
  const claimed = call.headers.get(checksumHeader(algorithm));
  if (claimed !== undefined && claimed !== checksum.value && claimed !== checksum.value.replace(/-\d+$/, '')) {
    throw badChecksum(algorithm);
  }
  return checksum;
}

/** The parts' checksums could be combined by arithmetic; reading the bytes again also proves that they are there. */
async function readBack(call: ObjectCall, upload: MultipartUpload, parts: readonly UploadedPart[]): Promise<string> {
  const digest = newDigest(upload.checksumAlgorithm ?? 'CRC32');
  const extents = parts.map((part) => part.extent);
  for await (const piece of readHeld(call.world.extents, extents, 0, totalBytes(extents))) digest.update(piece);
  return digest.digest().toString('base64');
}
