import { AwsError } from '../aws-error.ts';
import type { RequestHeaders } from '../http/request.ts';
import { maxUserMetadataBytes } from '../limits.ts';
import { partitionOf } from '../partition.ts';
import { parseXml } from '../xml.ts';
import type { Bucket } from './bucket.ts';
import { demand, type ObjectCall } from './call.ts';
import { readLock } from './lock-headers.ts';
import type { Encryption, ObjectProperties } from './object-version.ts';
import { parseStorageClass } from './storage-class.ts';
import { parseTagHeader } from './tags.ts';

const keptHeaders = ['content-type', 'content-disposition', 'content-language', 'cache-control', 'expires'];

/**
 * What the headers of a PutObject, CreateMultipartUpload or CopyObject say about the object to come, with the bucket's
 * defaults for what they leave open.
 * @throws AwsError AccessDenied when the caller may not encrypt with the key; InvalidArgument, InvalidRequest, …
 */
export function readProperties(call: ObjectCall): ObjectProperties {
  const encryption = readEncryption(call.headers, call.bucket);
  if (encryption.keyArn !== undefined) demand(call, 'kms:GenerateDataKey', encryption.keyArn);
  return {
    headers: readKeptHeaders(call.headers),
    storageClass: parseStorageClass(call.headers.get('x-amz-storage-class')),
    encryption,
    lock: readLock(call),
    tags: parseTagHeader(call.headers.get('x-amz-tagging')),
  };
}

export function readKeptHeaders(headers: RequestHeaders): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  let metadataBytes = 0;
  for (const [name, value] of headers) {
    if (name.startsWith('x-amz-meta-')) {
      metadataBytes += Buffer.byteLength(name.slice('x-amz-meta-'.length)) + Buffer.byteLength(value);
    } else if (!keptHeaders.includes(name)) continue;
    kept[name] = value;
  }
  if (metadataBytes > maxUserMetadataBytes) {
    throw new AwsError('MetadataTooLarge', 'too much user metadata');
  }
  const encoding = withoutAwsChunked(headers.get('content-encoding'));
  return encoding === '' ? kept : { ...kept, 'content-encoding': encoding };
}

/** aws-chunked is how the body travelled, not what it is. */
function withoutAwsChunked(encoding: string | undefined): string {
  const codings = (encoding ?? '').split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding !== 'aws-chunked').join(',');
}

function readEncryption(headers: RequestHeaders, bucket: Bucket): Encryption {
  const algorithm = headers.get('x-amz-server-side-encryption');
  const keyId = headers.get('x-amz-server-side-encryption-aws-kms-key-id');
  if (headers.has('x-amz-server-side-encryption-customer-algorithm')) {
    throw new AwsError('NotImplemented', 'The stand-in does not implement customer-provided keys.');
  }
  if (algorithm === undefined) return defaultEncryption(bucket);
  return toEncryption(algorithm, keyId, bucket);
}

function defaultEncryption(bucket: Bucket): Encryption {
  const config = bucket.config('encryption');
  if (config === undefined) return { algorithm: 'AES256', keyArn: undefined };
  const rule = parseXml(config, 'ServerSideEncryptionConfiguration')
    .one('Rule')
    ?.one('ApplyServerSideEncryptionByDefault');
  return toEncryption(rule?.text('SSEAlgorithm') ?? 'AES256', rule?.text('KMSMasterKeyID'), bucket);
}

export function toEncryption(algorithm: string, keyId: string | undefined, bucket: Bucket): Encryption {
  if (algorithm === 'AES256') return { algorithm, keyArn: undefined };
  if (algorithm === 'aws:kms') return { algorithm, keyArn: kmsKeyArn(keyId ?? 'alias/aws/s3', bucket) };
  throw new AwsError('InvalidArgument', 'encryption is AES256 or aws:kms', {
    fields: { ArgumentName: 'x-amz-server-side-encryption', ArgumentValue: algorithm },
  });
}

function kmsKeyArn(keyId: string, bucket: Bucket): string {
  if (keyId.startsWith('arn:')) return keyId;
  return `arn:${partitionOf(bucket.region).name}:kms:${bucket.region}:${bucket.accountId}:${keyId.startsWith('alias/') ? keyId : `key/${keyId}`}`;
}
