import { authenticate } from '../auth/authenticate.ts';
import { claimedPayloadHash, openBody } from '../auth/request-body.ts';
import { readSignatureClaim } from '../auth/signature-claim.ts';
import { AwsError } from '../aws-error.ts';
import { type Address, parseAddress } from '../http/address.ts';
import type { Reply } from '../http/reply.ts';
import type { AwsRequest } from '../http/request.ts';
import { isAllowed } from '../iam/authorize.ts';
import { maxKeyBytes } from '../limits.ts';
import { partitionOf } from '../partition.ts';
import type { Sighting } from '../sighting.ts';
import { findBucket, type World } from '../world.ts';
import type { Bucket } from './bucket.ts';
import { type BucketCall, bucketArn, denied, objectArn, type ServiceCall } from './call.ts';
import { chooseOperation, type Operation } from './operations.ts';
import { permissionIn } from './permission.ts';
import { requestContext, requiredActions } from './required-actions.ts';

/**
 * One request to S3, in the order in which AWS judges it: is it signed, what does it want, is it in the right region, may
 * the caller do that; then it is done.
 * @throws AwsError
 */
export async function handleS3(world: World, request: AwsRequest, sighting: Sighting): Promise<Reply> {
  const address = parseAddress(request.headers.get('host') ?? '', request.path);
  const operation = chooseOperation({
    level: levelOf(address, request),
    method: request.method,
    query: request.query,
    hasHeader: (name) => request.headers.has(name),
  });
  sighting.operation = operation.name;
  sighting.bucket = address.bucket;
  sighting.key = address.key;
  const call = identify(world, request, address);
  sighting.principal = call.caller.arn;
  return perform(operation, call, address);
}

/** Creating a bucket is an operation of the service: there is no bucket yet that could be looked up. */
function levelOf(address: Address, request: AwsRequest): Operation['level'] {
  if (address.bucket === '') return 'service';
  if (address.key !== '') return 'object';
  return request.method === 'PUT' && ![...request.query.keys()].some((name) => name !== 'x-id') ? 'service' : 'bucket';
}

function identify(world: World, request: AwsRequest, address: Address): ServiceCall {
  const claim = readSignatureClaim(request);
  if (claim === undefined) throw new AwsError('AccessDenied', 'no policy allows this');
  if (address.hostRegion !== undefined && address.hostRegion !== claim.region)
    throw wrongScope(claim.region, address.hostRegion);
  const payloadHash = claimedPayloadHash(request, claim.expiresSeconds !== undefined);
  const { caller, signer } = authenticate(world, request, { claim, service: 's3', payloadHash });
  return {
    world,
    caller,
    region: claim.region,
    bucketName: address.bucket,
    query: request.query,
    headers: request.headers,
    body: openBody(request, payloadHash, signer),
    nowMs: world.clock.nowMs(),
  };
}

function perform(operation: Operation, call: ServiceCall, address: Address): Reply | Promise<Reply> {
  if (operation.level === 'service') {
    const owner = call.caller.accountId;
    const resource = address.bucket === '' ? '*' : bucketArn({ name: address.bucket, region: call.region });
    for (const action of operation.actions) {
      const access = { caller: call.caller, action, resource, ownerAccountId: owner, resourcePolicy: undefined };
      if (!isAllowed({ ...access, context: requestContext(call) })) throw denied(call.caller, action, resource);
    }
    return operation.run(call);
  }
  const bucket = findBucket(call.world, address.bucket);
  if (operation.anyRegion !== true && bucket.region !== call.region) throw redirect(bucket);
  const bucketCall: BucketCall = { ...call, bucket, may: permissionIn(bucket, call) };
  if (operation.level === 'bucket') {
    demandAll(operation, bucketCall, bucketArn(bucket));
    return operation.run(bucketCall);
  }
  if (Buffer.byteLength(address.key) > maxKeyBytes)
    throw new AwsError('KeyTooLongError', 'a key has 1,024 bytes at most');
  const objectCall = { ...bucketCall, key: address.key };
  demandAll(operation, objectCall, objectArn(objectCall));
  return operation.run(objectCall);
}

function demandAll(operation: Operation, call: BucketCall, resource: string): void {
  for (const action of requiredActions(operation.actions, call)) {
    if (call.may(action, resource)) continue;
    throw new AwsError('AccessDenied', denied(call.caller, action, resource).message, {
      headers: { 'x-amz-bucket-region': call.bucket.region },
    });
  }
}

function redirect(bucket: Bucket): AwsError {
  return new AwsError('PermanentRedirect', 'the bucket lies in another region', {
    headers: { 'x-amz-bucket-region': bucket.region },
    fields: {
      Bucket: bucket.name,
      Endpoint: `${bucket.name}.s3.${bucket.region}.${partitionOf(bucket.region).domain}`,
      Region: bucket.region,
    },
  });
}

function wrongScope(given: string, expected: string): AwsError {
  return new AwsError('AuthorizationHeaderMalformed', `signed for region ${given}, the bucket lies in ${expected}`, {
    fields: { Region: expected },
    headers: { 'x-amz-bucket-region': expected },
  });
}
