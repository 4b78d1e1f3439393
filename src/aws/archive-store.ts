import type { CallOptions, ObjectReader } from './object-store.ts';

/**
 * The write-once bucket of the archive, as one role may use it. Every version is named by its id: what is put over it, or
 * hides it, changes no answer. Methods throw AppError only, each within its configured timeouts; `isTransient` of the code
 * says whether another attempt may help.
 */
export interface ArchiveStore extends AsyncDisposable {
  readonly bucket: string;

  /**
   * Writes a key that must not exist yet. A put whose answer was lost meets its own object: `exists` says that a current
   * version is there, not whose it is; `storeObject` in src/archive/upload compares.
   * @throws AppError WRITE_DENIED naming the permission, BUCKET_UNFIT (no versioning or no Object Lock), KMS_DENIED,
   *   BUCKET_NOT_FOUND, BAD_INPUT, or transient
   */
  put(request: PutRequest): Promise<PutOutcome>;

  /** @throws AppError FILE_MISSING (also for a delete marker), GET_DENIED, or transient */
  head(key: string, versionId: string, options?: CallOptions): Promise<StoredObject>;

  /**
   * Reads this version, of whatever key it is asked for; its `list` is of current objects. A read throws FILE_MISSING when
   * the version is gone, or is a delete marker, and FILE_COLD while its class has to be restored.
   */
  readerOf(versionId: string): ObjectReader;

  /**
   * The retention of a version; undefined: it has none.
   * @throws AppError ACCESS_DENIED for who may not see it (`head` would just leave it out), FILE_MISSING, BUCKET_UNFIT
   */
  lock(key: string, versionId: string, options?: CallOptions): Promise<ObjectLock | undefined>;

  /**
   * Makes a version's retention at least as long and as strict as asked; never shorter, never weaker. S3 makes COMPLIANCE of
   * GOVERNANCE only for who may bypass that, and asks for it: without, such a version stays as it is.
   * @returns what holds now @throws AppError as `lock`; ACCESS_DENIED for another mode
   */
  extendLock(key: string, versionId: string, lock: ObjectLock, options?: ExtendLockOptions): Promise<ObjectLock>;

  /** @throws AppError as `lock` */
  legalHold(key: string, versionId: string, options?: CallOptions): Promise<boolean>;

  /** @throws AppError as `lock` */
  setLegalHold(key: string, versionId: string, isOn: boolean, options?: CallOptions): Promise<void>;

  /**
   * Every version and delete marker whose key starts with `prefix`: by key, and of a key the newest first.
   * @throws AppError LIST_DENIED, BUCKET_NOT_FOUND, or transient
   */
  listVersions(options: ListVersionsOptions): AsyncIterable<StoredVersion>;

  /**
   * Asks for a readable copy of a version in a cold class. `ready`: it can be read now (for `days` more, where it is a
   * copy). Nothing waits here: it takes hours.
   * @throws AppError as `lock`
   */
  requestRestore(key: string, versionId: string, options: RestoreOptions): Promise<'requested' | 'ongoing' | 'ready'>;
}

export interface ExtendLockOptions extends CallOptions {
  /** Whether GOVERNANCE may be bypassed, to make COMPLIANCE of it. It never is for anything else. */
  readonly bypassesGovernance?: boolean;
}

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface ObjectLock {
  readonly mode: LockMode;
  /** Sent in whole seconds, rounded up. */
  readonly retainUntil: Date;
}

export type WantedEncryption =
  | { readonly algorithm: 'AES256' }
  | { readonly algorithm: 'aws:kms'; readonly keyId: string };

export interface PutRequest {
  readonly key: string;
  /** The bytes, in order; they are not changed, and read again for another attempt. */
  readonly chunks: readonly Uint8Array[];
  /** Of all chunks. */
  readonly sizeBytes: number;
  /** Of all chunks, lowercase hexadecimal; also kept as the object's metadata `sha256`. */
  readonly sha256: string;
  readonly contentType: string;
  /** Further metadata; S3 takes 2 KB of it. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly lock: ObjectLock;
  readonly encryption: WantedEncryption;
  readonly signal?: AbortSignal | undefined;
}

export interface PutOutcome {
  readonly outcome: 'stored' | 'exists';
  /** Of what was stored, or of the current version that is there. */
  readonly versionId: string;
}

export interface StoredObject {
  readonly key: string;
  readonly versionId: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  readonly storageClass: string;
  /** Has to be restored before it can be read; false while a restored copy is there. */
  readonly isCold: boolean;
  readonly restore: RestoreState | undefined;
  /** As it was put, without the `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the metadata says; no proof of the bytes. */
  readonly sha256: string | undefined;
  readonly encryption: FoundEncryption | undefined;
  /** Left out by S3 for who may not see it: only `lock` proves that there is none. */
  readonly lock: ObjectLock | undefined;
  /** As with `lock`: only `legalHold` proves that there is none. */
  readonly legalHold: boolean;
}

/** As the server names it: the key as its ARN, also where it was given as an id or an alias. */
export interface FoundEncryption {
  readonly algorithm: string;
  readonly keyId?: string;
}

export type RestoreState =
  | { readonly state: 'ongoing' }
  | { readonly state: 'ready'; readonly until: Date | undefined };

interface VersionIdentity {
  readonly key: string;
  readonly versionId: string;
  /** The current one of its key. */
  readonly isLatest: boolean;
  readonly lastModified: Date;
}

export type StoredVersion = VersionIdentity &
  (
    | {
        readonly isDeleteMarker: false;
        readonly etag: string;
        readonly sizeBytes: number;
        readonly storageClass: string;
      }
    | { readonly isDeleteMarker: true }
  );

export interface ListVersionsOptions extends CallOptions {
  readonly prefix: string;
}

export interface RestoreOptions extends CallOptions {
  /** How long the readable copy is to stay. */
  readonly days: number;
  readonly tier: 'Standard' | 'Bulk';
}
