import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { RequestHeaders } from '../http/request.ts';
import { findBucket } from '../world.ts';
import { bucketArn, demand, type ObjectCall } from './call.ts';
import { type ChecksumAlgorithm, newDigest } from './checksums.ts';
import { type Extent, type ExtentStore, readHeld } from './extent-store.ts';
import type { ObjectVersion, StoredObject } from './object-version.ts';
import { permissionIn } from './permission.ts';
import { checkReadConditions } from './preconditions.ts';
import { type ByteRange, parseRange } from './range.ts';
import { restoreState } from './restore.ts';
import { isCold } from './storage-class.ts';

export interface CopySource extends ByteRange {
  readonly object: StoredObject;
}

/** The object that `x-amz-copy-source` names, if the caller may read it. @throws AwsError as GetObject does */
export function openCopySource(call: ObjectCall): CopySource {
  const named = parseCopySource(call.headers.get('x-amz-copy-source') ?? '');
  const bucket = findBucket(call.world, named.bucket);
  const action = named.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
  // Reading the source is a request of its own: this one's parameters speak of the copy.
  const may = permissionIn(bucket, { caller: call.caller, query: new URLSearchParams(), headers: new Map() });
  const source = { ...call, bucket, may };
  demand(source, action, `${bucketArn(bucket)}/${named.key}`);
  const version: ObjectVersion | undefined =
    named.versionId === undefined ? bucket.current(named.key) : bucket.find(named.key, named.versionId);
  if (version?.kind !== 'object')
    throw new AwsError('NoSuchKey', 'there is no object with this key', { fields: { Key: named.key } });
  if (isCold(version.storageClass) && restoreState(version.restore, call.nowMs) !== 'ready') {
    throw new AwsError('InvalidObjectState', "The operation is not valid for the object's storage class");
  }
  if (version.encryption.keyArn !== undefined) demand(source, 'kms:Decrypt', version.encryption.keyArn);
  checkReadConditions(sourceConditions(call.headers), version);
  const range = parseRange(call.headers.get('x-amz-copy-source-range'), version.sizeBytes);
  return { object: version, start: range?.start ?? 0, end: range?.end ?? version.sizeBytes };
}

/** Copies bytes into an extent of their own, so that source and copy can be deleted independently. */
export async function copyExtent(
  store: ExtentStore,
  source: CopySource,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<{ readonly extent: Extent; readonly md5: string; readonly checksum: string | undefined }> {
  const md5 = createHash('md5');
  const digest = algorithm === undefined ? undefined : newDigest(algorithm);
  const pieces = readHeld(store, source.object.extents, source.start, source.end);
  async function* observed(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      md5.update(piece);
      digest?.update(piece);
      yield piece;
    }
  }
  const extent = await store.write(observed());
  return { extent, md5: md5.digest('hex'), checksum: digest?.digest().toString('base64') };
}

function parseCopySource(header: string): {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
} {
  const [path = '', versionId] = header.replace(/^\//, '').split('?versionId=');
  try {
    const decoded = decodeURIComponent(path);
    const slash = decoded.indexOf('/');
    if (slash > 0) return { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1), versionId };
  } catch {
    // falls through to the same refusal
  }
  throw new AwsError('InvalidArgument', 'x-amz-copy-source has to be bucket/key');
}

function sourceConditions(headers: RequestHeaders): RequestHeaders {
  const prefix = 'x-amz-copy-source-if-';
  const conditions = [...headers].filter(([name]) => name.startsWith(prefix));
  return new Map(conditions.map(([name, value]) => [`if-${name.slice(prefix.length)}`, value]));
}
