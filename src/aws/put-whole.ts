import {
  type ObjectLockMode,
  PutObjectCommand,
  type PutObjectCommandInput,
  type StorageClass,
} from '@aws-sdk/client-s3';
import type { PutRequest } from './archive-store.ts';
import { wholeSecond } from './whole-second.ts';

/** What every write of the archive says, in one request or in parts: only where nothing is, locked and encrypted. */
export function writeOnceInput(bucket: string, request: PutRequest): Omit<PutObjectCommandInput, 'Body'> {
  const { key, sha256, contentType, metadata, storageClass, lock, encryption } = request;
  return {
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    Metadata: { ...metadata, sha256 },
    // S3 refuses a class that it does not know, and says so.
    StorageClass: storageClass as StorageClass,
    ObjectLockMode: lock.mode satisfies ObjectLockMode,
    ObjectLockRetainUntilDate: wholeSecond(lock.retainUntil),
    ServerSideEncryption: encryption.algorithm,
    ...(encryption.algorithm === 'aws:kms' ? { SSEKMSKeyId: encryption.keyId } : {}),
    IfNoneMatch: '*',
  };
}

/** The whole object in one request. Its checksum is our own SHA-256, so that S3 refuses bytes that are not those meant. */
export function putWholeCommand(bucket: string, request: PutRequest): PutObjectCommand {
  const { chunks, sizeBytes, sha256 } = request;
  const [first] = chunks;
  return new PutObjectCommand({
    ...writeOnceInput(bucket, request),
    Body: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, sizeBytes),
    ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
  });
}
