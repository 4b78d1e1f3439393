import type { ArchiveStore, StoredObject } from '../../aws/archive-store.ts';
import { type ErrorCode, isAppError, isTransient, toAppError } from '../../errors.ts';
import type { PartRecord } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';
import { encryptionText, isEncryptedAs, isLockedAtLeast, lockText } from '../upload/ensure-stored.ts';
import type { ValidationCode } from './finding.ts';

/** What the registry says of a stored object, part or manifest. */
export interface ObjectRecord
  extends Pick<PartRecord, 'bucket' | 'key' | 'sizeBytes' | 'sha256' | 'lockMode' | 'retainUntil' | 'encryption'> {
  readonly versionId: string | null;
  /** As we put it on the object. */
  readonly legalHold: boolean;
  /** Whether a hold in force covers it: its version stays after its retention, whatever the lifecycle does. */
  readonly isHeld: boolean;
  /** Whether somebody else may have put it there: metadata are then not missed. */
  readonly isTaken?: boolean;
}

export interface Problem {
  readonly code: ValidationCode;
  readonly text: string;
}

/** `seen`: with what is wrong about it, if anything, and what is tolerated. `unchecked`: nothing is known. */
export type Look =
  | {
      readonly kind: 'seen';
      readonly head: StoredObject;
      readonly problems: readonly Problem[];
      readonly warnings: readonly Problem[];
    }
  | { readonly kind: 'missing'; readonly text: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unchecked'; readonly text: string };

export interface LookOptions {
  readonly context: Pick<ArchiveContext, 'destination'>;
  readonly store: ArchiveStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/**
 * Compares what a HEAD says of the version on record. Lock and hold are asked for by themselves where the HEAD does not
 * show them: it leaves them out for who may not see them, and that is no proof that there are none.
 * @throws AppError CANCELLED
 */
export async function lookAtObject(options: LookOptions, record: ObjectRecord): Promise<Look> {
  const { store, now, signal } = options;
  const { versionId } = record;
  if (versionId === null) return { kind: 'unchecked', text: 'no version of it is on record' };
  if (record.bucket !== store.bucket) {
    return {
      kind: 'unchecked',
      text: `it lies in bucket ${record.bucket}, and the archive's bucket is ${store.bucket}`,
    };
  }
  const at = { key: record.key, versionId };
  try {
    const head = await headTwice(options, at);
    if (head === undefined) {
      const isOver = record.retainUntil <= now && !record.isHeld;
      return isOver ? { kind: 'expired' } : { kind: 'missing', text: `version ${versionId} is not there` };
    }
    const { encryptionRequired } = options.context.destination;
    const encryption = encryptionProblems(head, record);
    const problems = [
      ...contentProblems(head, record),
      ...(encryptionRequired ? encryption : []),
      ...(await lockProblems(options, head, record)),
      ...(await holdProblems(options, head, record)),
    ];
    return { kind: 'seen', head, problems, warnings: encryptionRequired ? [] : encryption };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toAppError(error);
    return { kind: 'unchecked', text: `${code}: ${message}` };
  }
}

/** What is not there is asked for a second time: much follows from its absence. */
async function headTwice(
  { store, signal }: LookOptions,
  { key, versionId }: { readonly key: string; readonly versionId: string },
): Promise<StoredObject | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.head(key, versionId, { signal });
    } catch (error) {
      if (!isAppError(error, 'FILE_MISSING')) throw error;
      if (attempt === 2) return undefined;
    }
  }
}

function contentProblems(head: StoredObject, record: ObjectRecord): Problem[] {
  const problems: Problem[] = [];
  if (head.sizeBytes !== record.sizeBytes) {
    problems.push({ code: 'PROOF_FAILED', text: `it has ${head.sizeBytes} bytes, on record are ${record.sizeBytes}` });
  }
  const isMissed = head.sha256 !== undefined || record.isTaken !== true;
  if (isMissed && head.sha256 !== record.sha256) {
    const text = `its metadata say SHA-256 ${head.sha256 ?? 'nothing'}, on record is ${record.sha256}`;
    problems.push({ code: 'METADATA_DIFFERS', text });
  }
  return problems;
}

function encryptionProblems(head: StoredObject, { encryption }: ObjectRecord): readonly Problem[] {
  if (isEncryptedAs(head.encryption, encryption)) return [];
  const text = `it is encrypted by ${encryptionText(head.encryption)}; wanted is ${encryptionText(encryption)}`;
  return [{ code: 'ENCRYPTION_MISSING', text }];
}

/** After the retention is over there is nothing to be locked any more. */
async function lockProblems({ store, now, signal }: LookOptions, head: StoredObject, record: ObjectRecord) {
  const wanted = { mode: record.lockMode, retainUntil: record.retainUntil };
  if (wanted.retainUntil <= now || isLockedAtLeast(head.lock, wanted)) return [];
  const lock = await store.lock(record.key, head.versionId, { signal });
  if (isLockedAtLeast(lock, wanted)) return [];
  return [{ code: 'LOCK_MISSING', text: `it is ${lockText(lock)}; wanted is ${lockText(wanted)}` } as const];
}

async function holdProblems({ store, signal }: LookOptions, head: StoredObject, record: ObjectRecord) {
  if (!record.legalHold || head.legalHold || (await store.legalHold(record.key, head.versionId, { signal }))) return [];
  return [{ code: 'HOLD_MISSING', text: 'the legal hold that was put on it is not there any more' } as const];
}

/** Errors that say something about the way to an object, and nothing about the object. */
const ofTheWay: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'GET_DENIED',
  'LIST_DENIED',
  'ACCESS_DENIED',
  'ASSUME_ROLE_DENIED',
  'KMS_DENIED',
  'CREDENTIALS',
  'BUCKET_NOT_FOUND',
  'BAD_CONFIG',
]);

export function isOfTheWay(code: ErrorCode): boolean {
  return isTransient(code) || ofTheWay.has(code);
}
