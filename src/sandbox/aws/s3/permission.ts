import { isAllowed } from '../iam/authorize.ts';
import type { ConditionContext } from '../iam/condition.ts';
import { partitionOf } from '../partition.ts';
import type { Bucket } from './bucket.ts';
import type { ServiceCall } from './call.ts';
import { callerContext, requestContext } from './required-actions.ts';

export type Permission = (action: string, resource: string) => boolean;

/** Whether the caller may do something in this bucket, to what is in it, or with the KMS keys that encrypt that. */
export function permissionIn(bucket: Bucket, call: Pick<ServiceCall, 'caller' | 'query' | 'headers'>): Permission {
  const { caller } = call;
  const ofS3 = requestContext(call);
  const ofKms = kmsContext(bucket, call);
  return (action, resource) =>
    isAllowed({
      caller,
      action,
      resource,
      ownerAccountId: bucket.accountId,
      resourcePolicy: bucket.policy,
      context: action.startsWith('kms:') ? ofKms : ofS3,
    });
}

/** S3 asks KMS in the caller's name, and KMS sees through which service ("kms:ViaService", KMS developer guide). */
function kmsContext(bucket: Bucket, call: Pick<ServiceCall, 'caller'>): ConditionContext {
  return new Map([
    ...callerContext(call),
    ['kms:viaservice', `s3.${bucket.region}.${partitionOf(bucket.region).domain}`],
    ['kms:calleraccount', call.caller.accountId],
  ]);
}
