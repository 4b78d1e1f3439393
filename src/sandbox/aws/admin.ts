import type { NewRole, NewUser } from './iam/directory.ts';
import type { RequestLogView } from './request-log.ts';

export interface NewSandboxBucket {
  readonly name: string;
  readonly accountId: string;
  /** Default: the server's default region. */
  readonly region?: string;
  readonly versioning?: boolean;
  /** Forces versioning, as in S3. */
  readonly objectLock?: boolean;
}

export interface NewSandboxObject {
  readonly bucket: string;
  readonly key: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  readonly storageClass?: string;
  /** Stored under this KMS key: reading it takes `kms:Decrypt`. */
  readonly kmsKeyId?: string;
  /** Default: the server's time. */
  readonly lastModified?: Date;
}

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
  /** Default: the current version. */
  readonly versionId?: string;
}

/** What happens to a stored version behind S3's back. */
export interface ObjectDamage extends ObjectAddress {
  /** These bytes under the same version and ETag. */
  readonly body?: Uint8Array;
  /** Its retention is gone, whatever its mode was. */
  readonly unlock?: boolean;
}

export interface WrittenObject {
  /** Without quotes. */
  readonly etag: string;
  readonly versionId: string;
  readonly sizeBytes: number;
}

export interface SandboxUser {
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * The hand of whoever owns the stand-in: makes accounts, roles, buckets and objects, moves its time, and sees what it was
 * asked. No policy applies, but Object Lock does. The same interface in the server's process and over HTTP.
 * Methods throw `AppError` BAD_INPUT for what cannot be, NOT_FOUND for what is not there.
 */
export interface SandboxAdmin {
  /** Default policy: may assume every role that trusts it, and nothing else. Policies are IAM documents (JSON values). */
  createUser(user: NewUser): Promise<SandboxUser>;
  /** Makes a role, or changes it; running sessions follow the change. */
  putRole(role: NewRole): Promise<{ readonly arn: string }>;
  /** Ends the role's sessions too. */
  deleteRole(arn: string): Promise<void>;
  createBucket(bucket: NewSandboxBucket): Promise<void>;
  putObject(object: NewSandboxObject): Promise<WrittenObject>;
  /** As the owner would: a delete marker where the bucket is versioned, the version itself where one is named. */
  deleteObject(address: ObjectAddress): Promise<void>;
  readObject(address: ObjectAddress): Promise<Uint8Array>;
  /** What no permission allows and Object Lock forbids: for tests of those who must notice. */
  damageObject(damage: ObjectDamage): Promise<void>;
  /** Moves the server's time forward: sessions expire, restores become ready, retentions end. */
  advanceClock(seconds: number): Promise<void>;
  /** Runs every bucket's lifecycle once at the server's time. @returns the number of things done */
  runLifecycle(): Promise<number>;
  requestLog(): Promise<RequestLogView>;
  resetLog(): Promise<void>;
}
