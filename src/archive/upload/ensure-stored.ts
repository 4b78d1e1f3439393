import type {
  ArchiveStore,
  FoundEncryption,
  ObjectLock,
  StoredObject,
  WantedEncryption,
} from '../../aws/archive-store.ts';
import { AppError, isAppError, isTransient } from '../../errors.ts';

export interface WantedStorage {
  readonly key: string;
  readonly versionId: string;
  readonly lock: ObjectLock;
  readonly encryption: WantedEncryption;
  /** Default: true. False where a server that does not say how it encrypts is tolerated. */
  readonly encryptionRequired?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads back what a write asked for: some servers ignore the lock of a multipart upload without a word. A lock that is
 * missing, shorter or weaker is put on; an encryption cannot be changed afterwards, and is refused or tolerated.
 * @throws AppError LOCK_MISSING, ENCRYPTION_MISSING, ACCESS_DENIED for who may not see the lock, FILE_MISSING, or transient
 */
export async function ensureStored(store: ArchiveStore, wanted: WantedStorage): Promise<StoredObject> {
  const { key, versionId, lock, encryption, encryptionRequired = true } = wanted;
  const options = wanted.signal ? { signal: wanted.signal } : {};
  const name = `s3://${store.bucket}/${key}, version ${versionId}`;
  const stored = await store.head(key, versionId, options);
  if (encryptionRequired && !isEncryptedAs(stored.encryption, encryption)) {
    throw new AppError(
      'ENCRYPTION_MISSING',
      `${name} is encrypted by ${encryptionText(stored.encryption)}; wanted is ${encryptionText(encryption)}`,
    );
  }
  if (isLockedAtLeast(await store.lock(key, versionId, options), lock)) return stored;
  try {
    await store.extendLock(key, versionId, lock, options);
  } catch (error) {
    if (isAppError(error) && isTransient(error.code)) throw error;
    throw lockMissing(name, await store.lock(key, versionId, options), lock, error);
  }
  const found = await store.lock(key, versionId, options);
  if (!isLockedAtLeast(found, lock)) throw lockMissing(name, found, lock);
  return stored;
}

/** Whether a lock keeps a version at least as long, and from at least as many. */
export function isLockedAtLeast(found: ObjectLock | undefined, wanted: ObjectLock): boolean {
  if (found === undefined || found.retainUntil < wanted.retainUntil) return false;
  return found.mode === 'COMPLIANCE' || wanted.mode === 'GOVERNANCE';
}

/** S3 answers a key by its ARN: an id is its end, and an alias does not show in it. */
export function isEncryptedAs(found: FoundEncryption | undefined, wanted: WantedEncryption): boolean {
  if (found?.algorithm !== wanted.algorithm) return false;
  if (wanted.algorithm === 'AES256' || /(^|:)alias\//.test(wanted.keyId)) return true;
  return found.keyId === wanted.keyId || found.keyId?.endsWith(`/${wanted.keyId}`) === true;
}

function lockMissing(name: string, found: ObjectLock | undefined, wanted: ObjectLock, cause?: unknown): AppError {
  const why = cause instanceof Error ? `; it could not be put right: ${cause.message}` : '';
  return new AppError(
    'LOCK_MISSING',
    `${name} is ${lockText(found)}; wanted is ${lockText(wanted)}${why}`,
    cause === undefined ? {} : { cause },
  );
}

export function lockText(lock: ObjectLock | undefined): string {
  return lock === undefined ? 'not locked' : `locked by ${lock.mode} until ${lock.retainUntil.toISOString()}`;
}

export function encryptionText(encryption: FoundEncryption | undefined): string {
  if (encryption === undefined) return 'nothing';
  return encryption.keyId === undefined ? encryption.algorithm : `${encryption.algorithm} (${encryption.keyId})`;
}
