import type { RequestBody } from '../auth/request-body.ts';
import { AwsError } from '../aws-error.ts';
import type { Reply } from '../http/reply.ts';
import type { RequestHeaders } from '../http/request.ts';
import type { Caller } from '../iam/caller.ts';
import { partitionOf } from '../partition.ts';
import type { World } from '../world.ts';
import type { Bucket } from './bucket.ts';
import type { Permission } from './permission.ts';

/** One authenticated request to S3, as an operation sees it. */
export interface ServiceCall {
  readonly world: World;
  readonly caller: Caller;
  /** The region whose endpoint the client believes it talks to. */
  readonly region: string;
  readonly bucketName: string;
  readonly query: URLSearchParams;
  readonly headers: RequestHeaders;
  readonly body: RequestBody;
  /** Server time when the request arrived. */
  readonly nowMs: number;
}

export interface BucketCall extends ServiceCall {
  readonly bucket: Bucket;
  /** Whether the caller may also do an action (such as `s3:ListBucket`, `kms:Decrypt`) on a resource. */
  readonly may: Permission;
}

export interface ObjectCall extends BucketCall {
  readonly key: string;
}

export type Handler<Call> = (call: Call) => Reply | Promise<Reply>;

export function bucketArn(bucket: Pick<Bucket, 'name' | 'region'>): string {
  return `arn:${partitionOf(bucket.region).name}:s3:::${bucket.name}`;
}

export function objectArn(call: ObjectCall): string {
  return `${bucketArn(call.bucket)}/${call.key}`;
}

/** @throws AwsError AccessDenied naming caller, action and resource */
export function demand(call: BucketCall, action: string, resource: string): void {
  if (!call.may(action, resource)) throw denied(call.caller, action, resource);
}

export function denied(caller: Caller, action: string, resource: string): AwsError {
  return new AwsError('AccessDenied', `${caller.arn} lacks ${action} on ${resource}`);
}
