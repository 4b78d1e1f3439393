import { AwsError } from '../aws-error.ts';
import type { ObjectCall } from './call.ts';
import { applyDefault, type Lock, type LockMode, lockModes, type Retention } from './lock-rules.ts';

/** Object Lock as the headers of a write ask for it, or the bucket's default. @throws AwsError InvalidRequest, InvalidArgument */
export function readLock(call: ObjectCall): Lock {
  const mode = call.headers.get('x-amz-object-lock-mode');
  const until = call.headers.get('x-amz-object-lock-retain-until-date');
  const hold = call.headers.get('x-amz-object-lock-legal-hold');
  if (mode === undefined && until === undefined && hold === undefined) {
    return { retention: applyDefault(call.bucket.objectLock?.defaultRetention, call.nowMs), legalHold: undefined };
  }
  if (call.bucket.objectLock === undefined) throw noLockConfiguration();
  if ((mode === undefined) !== (until === undefined)) {
    throw new AwsError('InvalidArgument', 'a lock needs mode and retain-until, both');
  }
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF')
    throw new AwsError('InvalidArgument', 'a legal hold is ON or OFF');
  const retention =
    mode === undefined || until === undefined
      ? applyDefault(call.bucket.objectLock.defaultRetention, call.nowMs)
      : readRetention(mode, until, call.nowMs);
  return { retention, legalHold: hold === undefined ? undefined : hold === 'ON' };
}

export function readRetention(mode: string, until: string, nowMs: number): Retention {
  const untilMs = Date.parse(until);
  if (Number.isNaN(untilMs)) throw new AwsError('InvalidArgument', 'retain-until is no ISO 8601 time');
  if (untilMs <= nowMs) throw new AwsError('InvalidArgument', 'retain-until lies in the past');
  return { mode: readMode(mode), untilMs };
}

export function readMode(mode: string | undefined): LockMode {
  const known = lockModes.find((name) => name === mode);
  if (known === undefined) throw new AwsError('InvalidArgument', 'a lock mode is GOVERNANCE or COMPLIANCE');
  return known;
}

export function noLockConfiguration(): AwsError {
  return new AwsError('InvalidRequest', 'Object Lock is not on for this bucket');
}
