import type { ArchiveStore, LockMode } from '../../aws/archive-store.ts';
import { type AppError, type ErrorCode, isAppError } from '../../errors.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { findStored } from '../export/settle-intents.ts';
import { verifyPart } from '../verify/verify-part.ts';

export interface FindFaultRequest {
  /** With the verifier's rights. */
  readonly store: ArchiveStore;
  readonly unit: WholeUnit;
  readonly part: PartRecord;
  readonly encryptionRequired: boolean;
  readonly signal: AbortSignal;
}

/** `isLockable`: its bytes are right, and nothing but a lock is missing that can still be put on it. */
export type Found =
  | { readonly kind: 'sound' }
  | { readonly kind: 'unchecked'; readonly text: string }
  | {
      readonly kind: 'faulty';
      readonly fault: { readonly code: ErrorCode; readonly text: string };
      readonly versionId: string | null;
      readonly isLockable: boolean;
    };

/** What an object can be found to be; anything else says something about the way to it. */
const faults: readonly ErrorCode[] = ['PROOF_FAILED', 'FILE_MISSING', 'LOCK_MISSING', 'ENCRYPTION_MISSING'];

/**
 * Reads a part back by its version, as its proof does. One whose upload was broken off is looked for by its bytes.
 * @throws AppError when the bucket cannot be used; transient
 */
export async function findFault(request: FindFaultRequest): Promise<Found> {
  const { part, store, signal } = request;
  if (part.state === 'SPOOLED') return { kind: 'unchecked', text: 'it waits on the local disk for the bucket' };
  const versionId = part.state === 'INTENDED' ? await findStored({ store, signal }, part) : part.versionId;
  if (versionId === undefined) return findObstacle(request);
  const version = { ...part, versionId };
  const fault = await faultOf({ ...request, part: version });
  if (fault === undefined) return { kind: 'sound' };
  if (fault.code === 'FILE_COLD') {
    return { kind: 'unchecked', text: 'it lies in a cold class: ask S3 for a readable copy of it first' };
  }
  const isUnlocked = fault.code === 'LOCK_MISSING';
  const worse = isUnlocked ? await faultOf({ ...request, part: version, ignoresLock: true }) : undefined;
  const isLockable =
    isUnlocked && worse === undefined && (await canBeLocked(store, { ...version, wanted: part.lockMode, signal }));
  const { code, message: text } = worse ?? fault;
  return { kind: 'faulty', fault: { code, text }, versionId, isLockable };
}

/** What is not there is asked for a second time: much follows from its absence. */
async function faultOf(request: Parameters<typeof verifyPart>[0]): Promise<AppError | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      await verifyPart(request);
      return undefined;
    } catch (error) {
      if (!isAppError(error, ...faults, 'FILE_COLD')) throw error;
      if (error.code !== 'FILE_MISSING' || attempt === 2) return error;
    }
  }
}

/** An upload that never came to be is made again by the next run, unless something else lies where it is to go. */
async function findObstacle({ store, part, signal }: FindFaultRequest): Promise<Found> {
  for await (const version of store.listVersions({ prefix: part.key, signal })) {
    if (version.key !== part.key || !version.isLatest || version.isDeleteMarker) continue;
    const text = `s3://${part.bucket}/${part.key}, version ${version.versionId}, lies where the part was to go, and has other bytes`;
    return { kind: 'faulty', fault: { code: 'OBJECT_EXISTS', text }, versionId: null, isLockable: false };
  }
  return { kind: 'sound' };
}

/** S3 makes COMPLIANCE of GOVERNANCE only for who may bypass that, which the archive never asks for. */
export async function canBeLocked(
  store: ArchiveStore,
  {
    key,
    versionId,
    wanted,
    signal,
  }: {
    readonly key: string;
    readonly versionId: string | null;
    readonly wanted: LockMode;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  const lock = await store.lock(key, versionId ?? '', { signal });
  return lock?.mode !== 'GOVERNANCE' || wanted === 'GOVERNANCE';
}
