import { AppError, isAppError } from '../errors.ts';
import type { AwsCall } from './map-error.ts';
import { listObjects } from './object-listing.ts';
import type { S3Request, S3Requests } from './s3-requests.ts';
import { listVersions } from './version-listing.ts';

export type KeyCall = Extract<AwsCall, { readonly operation: 'head' | 'get' }>;

/**
 * Who may list a prefix only (as our readers' sessions do) is answered 403 for a key that does not exist, because S3 tells
 * a missing key only to who may list the whole bucket. A listing of that key tells the two apart.
 * @throws AppError FILE_MISSING rather than GET_DENIED for what is not there, BUCKET_NOT_FOUND where no bucket is
 */
export async function sendForKey<Output>(
  requests: S3Requests,
  request: S3Request<Output>,
  call: KeyCall,
  signal?: AbortSignal,
): Promise<Output> {
  try {
    return await requests.send(request, call, { signal });
  } catch (error) {
    if (isAppError(error, 'FILE_MISSING') && call.operation === 'head') await requireBucket(requests, call, signal);
    if (!isAppError(error, 'GET_DENIED') || (await mayExist(requests, call, signal))) throw error;
    const what = call.versionId === undefined ? 'such object' : `version ${call.versionId}`;
    throw new AppError('FILE_MISSING', `read s3://${call.bucket}/${call.key}: there is no ${what}`, { cause: error });
  }
}

/** Of these it is known that their bucket is there: a key is missed before each write, and once is enough. */
const found = new WeakSet<S3Requests>();

/** HEAD has no document that would tell a missing bucket from a missing key; a listing has. What else it says is its own. */
async function requireBucket(requests: S3Requests, call: KeyCall, signal: AbortSignal | undefined): Promise<void> {
  if (found.has(requests)) return;
  try {
    const options = { prefix: call.key, ...(signal ? { signal } : {}) };
    for await (const _ of listObjects(requests, call.bucket, options)) break;
  } catch (error) {
    if (isAppError(error, 'BUCKET_NOT_FOUND')) throw error;
  }
  found.add(requests);
}

async function mayExist(requests: S3Requests, call: KeyCall, signal: AbortSignal | undefined): Promise<boolean> {
  const { bucket, key, versionId } = call;
  const options = { prefix: key, ...(signal ? { signal } : {}) };
  try {
    // Keys come in order, so the key itself is the first of those that start with it.
    if (versionId === undefined) {
      for await (const first of listObjects(requests, bucket, options)) return first.key === key;
      return false;
    }
    for await (const version of listVersions(requests, bucket, options)) {
      if (version.key !== key) return false;
      if (version.versionId === versionId) return !version.isDeleteMarker;
    }
    return false;
  } catch {
    return true; // not to be known: the refusal stands
  }
}
