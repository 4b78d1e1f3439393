import type { ArchiveStore } from '../../aws/archive-store.ts';
import { AppError } from '../../errors.ts';
import type { PartRecord } from '../../registry/archive/unit-record.ts';
import { encryptionText, isEncryptedAs, isLockedAtLeast, lockText } from '../upload/ensure-stored.ts';

/** What the bucket says of a stored part, without its content. */
export interface StoredFacts {
  readonly versionId: string;
  readonly etag: string;
  readonly storageClass: string;
  /** False, where encryption is not required: the server does not say that it encrypted the part as it was asked to. */
  readonly isEncrypted: boolean;
}

export interface RequireStoredRequest {
  readonly store: ArchiveStore;
  readonly part: PartRecord;
  /** As in `WantedStorage`. */
  readonly encryptionRequired?: boolean;
  /** Whether everything but the lock is to be proved: for who is about to put one on. */
  readonly ignoresLock?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * That the version on record is there, as large as it was, locked at least as long and, if that is required, encrypted as it
 * should be.
 * @throws AppError FILE_MISSING, PROOF_FAILED, LOCK_MISSING, ENCRYPTION_MISSING, or transient
 */
export async function requireStored(request: RequireStoredRequest): Promise<StoredFacts> {
  const { store, part, encryptionRequired = true, ignoresLock = false, signal } = request;
  const name = `part s3://${part.bucket}/${part.key}`;
  const { versionId } = part;
  if (versionId === null) throw new AppError('ILLEGAL_STATE', `${name} is ${part.state}: it has no version yet`);
  const head = await store.head(part.key, versionId, signal === undefined ? {} : { signal });
  if (head.sizeBytes !== part.sizeBytes) {
    throw new AppError(
      'PROOF_FAILED',
      `${name}, version ${versionId}, has ${head.sizeBytes} bytes, on record are ${part.sizeBytes}`,
    );
  }
  const lock = await store.lock(part.key, versionId, signal === undefined ? {} : { signal });
  const wanted = { mode: part.lockMode, retainUntil: part.retainUntil };
  if (!ignoresLock && !isLockedAtLeast(lock, wanted)) {
    throw new AppError(
      'LOCK_MISSING',
      `${name}, version ${versionId}, is ${lockText(lock)}; wanted is ${lockText(wanted)}`,
    );
  }
  const isEncrypted = isEncryptedAs(head.encryption, part.encryption);
  if (encryptionRequired && !isEncrypted) {
    const found = encryptionText(head.encryption);
    throw new AppError(
      'ENCRYPTION_MISSING',
      `${name}, version ${versionId}, is encrypted by ${found}; wanted is ${encryptionText(part.encryption)}`,
    );
  }
  return { versionId, etag: head.etag, storageClass: head.storageClass, isEncrypted };
}
