import { AwsError } from '../aws-error.ts';
import type { KeptConfig } from './bucket.ts';
import type { BucketCall, Handler, ObjectCall, ServiceCall } from './call.ts';
import * as bucketObjectLock from './operations/bucket-object-lock.ts';
import * as bucketVersioning from './operations/bucket-versioning.ts';
import { completeMultipartUpload } from './operations/complete-upload.ts';
import { copyObject } from './operations/copy-object.ts';
import { createBucket, deleteBucket, headBucket } from './operations/create-bucket.ts';
import { abortMultipartUpload, createMultipartUpload } from './operations/create-upload.ts';
import { deleteObject } from './operations/delete-object.ts';
import { deleteObjects } from './operations/delete-objects.ts';
import { getObject, headObject } from './operations/get-object.ts';
import { getObjectAttributes } from './operations/get-object-attributes.ts';
import { deleteKept, getKept, putKept } from './operations/kept-config.ts';
import { listBuckets } from './operations/list-buckets.ts';
import { listObjectVersions } from './operations/list-object-versions.ts';
import { listObjectsV1, listObjectsV2 } from './operations/list-objects.ts';
import { listMultipartUploads, listParts } from './operations/list-uploads.ts';
import * as objectLock from './operations/object-lock.ts';
import * as objectTagging from './operations/object-tagging.ts';
import { putObject } from './operations/put-object.ts';
import { restoreObject } from './operations/restore-object.ts';
import { uploadPart, uploadPartCopy } from './operations/upload-part.ts';

interface Route {
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Query parameters that must all be there; the route that asks for the most wins. */
  readonly query?: readonly string[];
  readonly header?: string;
  /** What the caller must be allowed on the bucket or the object; handlers ask for more where it depends. */
  readonly actions: readonly string[];
  /** GetBucketLocation tells the region, so it cannot insist on it. */
  readonly anyRegion?: boolean;
}

export type Operation =
  | (Route & { readonly level: 'service'; readonly run: Handler<ServiceCall> })
  | (Route & { readonly level: 'bucket'; readonly run: Handler<BucketCall> })
  | (Route & { readonly level: 'object'; readonly run: Handler<ObjectCall> });

/** Every operation that the stand-in knows: what reaches it, what it needs, what it does. */
export const operations: readonly Operation[] = [
  { level: 'service', name: 'ListBuckets', method: 'GET', actions: ['s3:ListAllMyBuckets'], run: listBuckets },
  { level: 'service', name: 'CreateBucket', method: 'PUT', actions: ['s3:CreateBucket'], run: createBucket },

  { level: 'bucket', name: 'HeadBucket', method: 'HEAD', actions: ['s3:ListBucket'], run: headBucket },
  { level: 'bucket', name: 'DeleteBucket', method: 'DELETE', actions: ['s3:DeleteBucket'], run: deleteBucket },
  { level: 'bucket', name: 'ListObjects', method: 'GET', actions: ['s3:ListBucket'], run: listObjectsV1 },
  {
    level: 'bucket',
    name: 'ListObjectsV2',
    method: 'GET',
    query: ['list-type'],
    actions: ['s3:ListBucket'],
    run: listObjectsV2,
  },
  {
    level: 'bucket',
    name: 'ListObjectVersions',
    method: 'GET',
    query: ['versions'],
    actions: ['s3:ListBucketVersions'],
    run: listObjectVersions,
  },
  {
    level: 'bucket',
    name: 'ListMultipartUploads',
    method: 'GET',
    query: ['uploads'],
    actions: ['s3:ListBucketMultipartUploads'],
    run: listMultipartUploads,
  },
  { level: 'bucket', name: 'DeleteObjects', method: 'POST', query: ['delete'], actions: [], run: deleteObjects },
  {
    level: 'bucket',
    name: 'GetBucketLocation',
    method: 'GET',
    query: ['location'],
    actions: ['s3:GetBucketLocation'],
    anyRegion: true,
    run: bucketVersioning.getLocation,
  },
  {
    level: 'bucket',
    name: 'GetBucketVersioning',
    method: 'GET',
    query: ['versioning'],
    actions: ['s3:GetBucketVersioning'],
    run: bucketVersioning.getVersioning,
  },
  {
    level: 'bucket',
    name: 'PutBucketVersioning',
    method: 'PUT',
    query: ['versioning'],
    actions: ['s3:PutBucketVersioning'],
    run: bucketVersioning.putVersioning,
  },
  {
    level: 'bucket',
    name: 'GetObjectLockConfiguration',
    method: 'GET',
    query: ['object-lock'],
    actions: ['s3:GetBucketObjectLockConfiguration'],
    run: bucketObjectLock.getObjectLock,
  },
  {
    level: 'bucket',
    name: 'PutObjectLockConfiguration',
    method: 'PUT',
    query: ['object-lock'],
    actions: ['s3:PutBucketObjectLockConfiguration'],
    run: bucketObjectLock.putObjectLock,
  },
  ...keptConfigOperations('lifecycle', 'BucketLifecycleConfiguration', 'LifecycleConfiguration'),
  ...keptConfigOperations('encryption', 'BucketEncryption', 'EncryptionConfiguration'),
  ...keptConfigOperations('publicAccessBlock', 'PublicAccessBlock', 'BucketPublicAccessBlock'),
  ...keptConfigOperations('policy', 'BucketPolicy', 'BucketPolicy'),
  ...keptConfigOperations('replication', 'BucketReplication', 'ReplicationConfiguration'),
  ...keptConfigOperations('tagging', 'BucketTagging', 'BucketTagging'),
  ...keptConfigOperations('ownershipControls', 'BucketOwnershipControls', 'BucketOwnershipControls'),

  { level: 'object', name: 'GetObject', method: 'GET', actions: ['s3:GetObject'], run: getObject },
  { level: 'object', name: 'HeadObject', method: 'HEAD', actions: ['s3:GetObject'], run: headObject },
  {
    level: 'object',
    name: 'GetObjectAttributes',
    method: 'GET',
    query: ['attributes'],
    actions: ['s3:GetObject', 's3:GetObjectAttributes'],
    run: getObjectAttributes,
  },
  { level: 'object', name: 'PutObject', method: 'PUT', actions: ['s3:PutObject'], run: putObject },
  {
    level: 'object',
    name: 'CopyObject',
    method: 'PUT',
    header: 'x-amz-copy-source',
    actions: ['s3:PutObject'],
    run: copyObject,
  },
  { level: 'object', name: 'DeleteObject', method: 'DELETE', actions: ['s3:DeleteObject'], run: deleteObject },
  {
    level: 'object',
    name: 'RestoreObject',
    method: 'POST',
    query: ['restore'],
    actions: ['s3:RestoreObject'],
    run: restoreObject,
  },
  {
    level: 'object',
    name: 'GetObjectRetention',
    method: 'GET',
    query: ['retention'],
    actions: ['s3:GetObjectRetention'],
    run: objectLock.getRetention,
  },
  {
    level: 'object',
    name: 'PutObjectRetention',
    method: 'PUT',
    query: ['retention'],
    actions: ['s3:PutObjectRetention'],
    run: objectLock.putRetention,
  },
  {
    level: 'object',
    name: 'GetObjectLegalHold',
    method: 'GET',
    query: ['legal-hold'],
    actions: ['s3:GetObjectLegalHold'],
    run: objectLock.getLegalHold,
  },
  {
    level: 'object',
    name: 'PutObjectLegalHold',
    method: 'PUT',
    query: ['legal-hold'],
    actions: ['s3:PutObjectLegalHold'],
    run: objectLock.putLegalHold,
  },
  {
    level: 'object',
    name: 'GetObjectTagging',
    method: 'GET',
    query: ['tagging'],
    actions: ['s3:GetObjectTagging'],
    run: objectTagging.getTagging,
  },
  {
    level: 'object',
    name: 'PutObjectTagging',
    method: 'PUT',
    query: ['tagging'],
    actions: ['s3:PutObjectTagging'],
    run: objectTagging.putTagging,
  },
  {
    level: 'object',
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    query: ['tagging'],
    actions: ['s3:DeleteObjectTagging'],
    run: objectTagging.deleteTagging,
  },
  {
    level: 'object',
    name: 'CreateMultipartUpload',
    method: 'POST',
    query: ['uploads'],
    actions: ['s3:PutObject'],
    run: createMultipartUpload,
  },
  {
    level: 'object',
    name: 'UploadPart',
    method: 'PUT',
    query: ['uploadId', 'partNumber'],
    actions: ['s3:PutObject'],
    run: uploadPart,
  },
  {
    level: 'object',
    name: 'UploadPartCopy',
    method: 'PUT',
    query: ['uploadId', 'partNumber'],
    header: 'x-amz-copy-source',
    actions: ['s3:PutObject'],
    run: uploadPartCopy,
  },
  {
    level: 'object',
    name: 'CompleteMultipartUpload',
    method: 'POST',
    query: ['uploadId'],
    actions: ['s3:PutObject'],
    run: completeMultipartUpload,
  },
  {
    level: 'object',
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    query: ['uploadId'],
    actions: ['s3:AbortMultipartUpload'],
    run: abortMultipartUpload,
  },
  {
    level: 'object',
    name: 'ListParts',
    method: 'GET',
    query: ['uploadId'],
    actions: ['s3:ListMultipartUploadParts'],
    run: listParts,
  },
];

function keptConfigOperations(query: KeptConfig, apiName: string, actionName: string): readonly Operation[] {
  const route = { level: 'bucket', query: [query] } as const;
  // Only policies and ownership have a permission of their own for deleting; the others are covered by Put.
  const deleteVerb = query === 'policy' ? 'Delete' : 'Put';
  return [
    {
      ...route,
      name: `Get${apiName}`,
      method: 'GET',
      actions: [`s3:Get${actionName}`],
      run: getKept(query),
    },
    {
      ...route,
      name: `Put${apiName}`,
      method: 'PUT',
      actions: [`s3:Put${actionName}`],
      run: putKept(query),
    },
    {
      ...route,
      name: `Delete${apiName}`,
      method: 'DELETE',
      actions: [`s3:${deleteVerb}${actionName}`],
      run: deleteKept(query),
    },
  ];
}

/** Sub-resources of S3 that the stand-in does not have: refused by name, never mistaken for a listing or a write. */
const unsupported: ReadonlySet<string> = new Set([
  'accelerate',
  'acl',
  'analytics',
  'cors',
  'intelligent-tiering',
  'inventory',
  'logging',
  'metrics',
  'notification',
  'policyStatus',
  'requestPayment',
  'select',
  'torrent',
  'website',
  'rename',
  'session',
]);

interface Target {
  readonly level: Operation['level'];
  readonly method: string;
  readonly query: URLSearchParams;
  readonly hasHeader: (name: string) => boolean;
}

/** @throws AwsError NotImplemented, MethodNotAllowed */
export function chooseOperation(target: Target): Operation {
  const refused = [...target.query.keys()].find((name) => unsupported.has(name));
  if (refused !== undefined) {
    throw new AwsError('NotImplemented', `The stand-in does not implement the sub-resource ${refused}.`);
  }
  let best: Operation | undefined;
  for (const operation of operations) {
    if (operation.level !== target.level || operation.method !== target.method) continue;
    if (operation.query?.some((name) => !target.query.has(name))) continue;
    if (operation.header !== undefined && !target.hasHeader(operation.header)) continue;
    if (best === undefined || weight(operation) > weight(best)) best = operation;
  }
  if (best !== undefined) return best;
  throw new AwsError('MethodNotAllowed', 'this method does not go with this resource');
}

function weight(operation: Operation): number {
  return (operation.query?.length ?? 0) * 2 + (operation.header === undefined ? 0 : 1);
}
