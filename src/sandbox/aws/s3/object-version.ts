import type { Checksum } from './checksums.ts';
import type { Extent } from './extent-store.ts';
import type { Lock } from './lock-rules.ts';
import type { Restore } from './restore.ts';
import type { StorageClass } from './storage-class.ts';

export interface Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  /** ARN of the key; set with `aws:kms`. */
  readonly keyArn: string | undefined;
}

/** What an object was stored with, apart from its bytes. */
export interface ObjectProperties {
  /** Headers that are answered as they were given: content-type, cache-control and the like, and x-amz-meta-*. */
  readonly headers: Readonly<Record<string, string>>;
  readonly storageClass: StorageClass;
  readonly encryption: Encryption;
  readonly lock: Lock;
  readonly tags: Readonly<Record<string, string>>;
}

interface VersionIdentity {
  readonly key: string;
  /** `null` (the text) when the bucket was not versioned at the time. */
  readonly versionId: string;
  readonly lastModifiedMs: number;
}

export interface StoredObject extends VersionIdentity, ObjectProperties {
  readonly kind: 'object';
  /** Without quotes. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly extents: readonly Extent[];
  /** How many parts it was uploaded in; 0 when it was put at once. */
  readonly partCount: number;
  readonly checksum: Checksum | undefined;
  readonly restore: Restore | undefined;
}

export interface DeleteMarker extends VersionIdentity {
  readonly kind: 'marker';
}

export type ObjectVersion = StoredObject | DeleteMarker;
