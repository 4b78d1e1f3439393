import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { isAppError } from '../errors.ts';
import type { ObjectLock } from './archive-store.ts';
import type { S3Requests } from './s3-requests.ts';
import { VendorError } from './vendor-error.ts';
import { type AskedVersion, versionCall, versionInput } from './version-call.ts';
import { wholeSecond } from './whole-second.ts';

/** @returns undefined for a version without retention @throws AppError ACCESS_DENIED for who may not see it */
export async function readRetention(requests: S3Requests, version: AskedVersion): Promise<ObjectLock | undefined> {
  const command = new GetObjectRetentionCommand(versionInput(version));
  const call = versionCall(version, 's3:GetObjectRetention');
  const asked = requests.send((options) => requests.client.send(command, options), call, version);
  const retention = (await unlessNothingSet(asked))?.Retention;
  return parseLock(retention?.Mode, retention?.RetainUntilDate);
}

/** @param bypasses whether GOVERNANCE is bypassed, for another mode */
export async function writeRetention(
  requests: S3Requests,
  version: AskedVersion,
  lock: ObjectLock,
  bypasses = false,
): Promise<void> {
  const Retention = { Mode: lock.mode, RetainUntilDate: lock.retainUntil };
  const bypass = bypasses ? { BypassGovernanceRetention: true } : {};
  const command = new PutObjectRetentionCommand({ ...versionInput(version), Retention, ...bypass });
  const call = versionCall(version, bypasses ? 's3:BypassGovernanceRetention' : 's3:PutObjectRetention');
  await requests.send((options) => requests.client.send(command, options), call, version);
}

export async function readLegalHold(requests: S3Requests, version: AskedVersion): Promise<boolean> {
  const command = new GetObjectLegalHoldCommand(versionInput(version));
  const call = versionCall(version, 's3:GetObjectLegalHold');
  const asked = requests.send((options) => requests.client.send(command, options), call, version);
  return (await unlessNothingSet(asked))?.LegalHold?.Status === 'ON';
}

export async function writeLegalHold(requests: S3Requests, version: AskedVersion, isOn: boolean): Promise<void> {
  const LegalHold = { Status: isOn ? 'ON' : 'OFF' } as const;
  const command = new PutObjectLegalHoldCommand({ ...versionInput(version), LegalHold });
  const call = versionCall(version, 's3:PutObjectLegalHold');
  await requests.send((options) => requests.client.send(command, options), call, version);
}

/** At least what holds now and at least what is asked for: a lock is never made shorter or weaker. */
export function strictest(now: ObjectLock | undefined, asked: ObjectLock): ObjectLock {
  const retainUntil = wholeSecond(asked.retainUntil);
  if (now === undefined) return { mode: asked.mode, retainUntil };
  return {
    mode: now.mode === 'COMPLIANCE' ? 'COMPLIANCE' : asked.mode,
    retainUntil: now.retainUntil > retainUntil ? now.retainUntil : retainUntil,
  };
}

export function isSameLock(a: ObjectLock | undefined, b: ObjectLock): boolean {
  return a?.mode === b.mode && a.retainUntil.getTime() === b.retainUntil.getTime();
}

/** `undefined` unless it is a whole lock of a mode that we know. */
export function parseLock(mode: string | undefined, retainUntil: Date | undefined): ObjectLock | undefined {
  if (retainUntil === undefined || (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')) return undefined;
  return { mode, retainUntil };
}

/** What AWS, and what others, answer for a version that never had a lock or a hold. */
const nothingSetCodes: readonly string[] = ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'];

async function unlessNothingSet<Output>(answer: Promise<Output>): Promise<Output | undefined> {
  try {
    return await answer;
  } catch (error) {
    const cause = isAppError(error) ? error.cause : undefined;
    if (cause instanceof VendorError && nothingSetCodes.includes(cause.vendorCode)) return undefined;
    throw error;
  }
}
