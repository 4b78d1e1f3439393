import { AwsError } from '../../aws-error.ts';
import type { Reply } from '../../http/reply.ts';
import { parseXml } from '../../xml.ts';
import type { Bucket } from '../bucket.ts';
import type { BucketCall, ServiceCall } from '../call.ts';
import { readCheckedBody } from '../read-checked-body.ts';

const bucketName = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;

export async function createBucket(call: ServiceCall): Promise<Reply> {
  checkBucketName(call.bucketName);
  const region = readLocation(await readCheckedBody(call), call.region);
  const existing = call.world.buckets.get(call.bucketName);
  if (existing !== undefined) throw taken(existing.accountId === call.caller.accountId);
  const bucket = call.world.buckets.add({
    name: call.bucketName,
    accountId: call.caller.accountId,
    region,
    createdMs: call.nowMs,
  });
  if (call.headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true') enableObjectLock(bucket);
  return { status: 200, headers: { location: `/${bucket.name}` } };
}

export function checkBucketName(name: string): void {
  if (!bucketName.test(name) || name.includes('..')) {
    throw new AwsError('InvalidBucketName', 'this is no bucket name', { fields: { BucketName: name } });
  }
}

/** Object Lock forces versioning; neither can be undone. */
export function enableObjectLock(bucket: Bucket): void {
  bucket.change({ versioning: 'Enabled', objectLock: bucket.objectLock ?? { defaultRetention: undefined } });
}

export function headBucket(call: BucketCall): Reply {
  return { status: 200, headers: { 'x-amz-bucket-region': call.bucket.region, 'content-type': 'application/xml' } };
}

export function deleteBucket(call: BucketCall): Reply {
  if (!call.bucket.isEmpty) throw new AwsError('BucketNotEmpty', 'objects or versions are left in the bucket');
  call.world.buckets.remove(call.bucket.name);
  return { status: 204 };
}

/** An endpoint makes buckets of its own region only; us-east-1 makes them anywhere, and its own without a constraint. */
function readLocation(body: string, endpointRegion: string): string {
  const constraint = body === '' ? undefined : parseXml(body, 'CreateBucketConfiguration').text('LocationConstraint');
  const region = constraint === undefined || constraint === '' ? 'us-east-1' : constraint;
  if (region === endpointRegion || endpointRegion === 'us-east-1') return region;
  throw new AwsError(
    'IllegalLocationConstraintException',
    `a bucket in ${constraint ?? 'no named region'} is made at that region's endpoint`,
  );
}

function taken(isOwn: boolean): AwsError {
  if (isOwn) {
    return new AwsError('BucketAlreadyOwnedByYou', 'the bucket is yours already');
  }
  return new AwsError('BucketAlreadyExists', 'another account has this bucket name');
}
