import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { AppError, isAppError } from '../errors.ts';
import type {
  ArchiveStore,
  ExtendLockOptions,
  ListVersionsOptions,
  ObjectLock,
  PutOutcome,
  PutRequest,
  RestoreOptions,
  StoredObject,
  StoredVersion,
} from './archive-store.ts';
import type { Lease } from './lease-cache.ts';
import type { AwsCall } from './map-error.ts';
import type { CallOptions, ObjectReader } from './object-store.ts';
import { putInParts, type SendPart } from './put-in-parts.ts';
import { putWholeCommand } from './put-whole.ts';
import { requestRestore } from './request-restore.ts';
import { S3ObjectReader } from './s3-reader.ts';
import type { S3Requests } from './s3-requests.ts';
import { sendForKey } from './send-for-key.ts';
import { parseHead } from './stored-object.ts';
import { type AskedVersion, versionInput } from './version-call.ts';
import { listVersions } from './version-listing.ts';
import { isSameLock, readLegalHold, readRetention, strictest, writeLegalHold, writeRetention } from './version-lock.ts';
import { writeOnce } from './write-once.ts';

export interface S3ArchiveStoreParts {
  readonly bucket: string;
  readonly lease: Lease<S3Requests>;
  readonly bodyStallMs: number;
}

/** Up to this size an object is put in one request, whose answer is the whole proof of its bytes. */
const maxWholeBytes = 16 * 1_024 * 1_024;

/** The archive's contract on S3's API. */
export class S3ArchiveStore implements ArchiveStore {
  readonly bucket: string;
  readonly #lease: Lease<S3Requests>;
  readonly #requests: S3Requests;
  readonly #bodyStallMs: number;

  constructor({ bucket, lease, bodyStallMs }: S3ArchiveStoreParts) {
    this.bucket = bucket;
    this.#lease = lease;
    this.#requests = lease.value;
    this.#bodyStallMs = bodyStallMs;
  }

  async put(request: PutRequest): Promise<PutOutcome> {
    const { key, sizeBytes, signal } = request;
    // Parts are refused only when the last has been sent, and some servers ignore the condition: it pays to look first.
    const current = await this.#findCurrentIfAllowed(key, signal);
    if (current !== undefined) return { outcome: 'exists', versionId: current };
    const write = sizeBytes <= maxWholeBytes ? () => this.#putWhole(request) : () => this.#putInParts(request);
    return writeOnce({ write, findCurrent: () => this.#findCurrent(key, signal) }, request);
  }

  async head(key: string, versionId: string, { signal }: CallOptions = {}): Promise<StoredObject> {
    const requests = this.#requests;
    const call = { operation: 'head', bucket: this.bucket, key, versionId } as const;
    const command = new HeadObjectCommand(versionInput(call));
    const output = await sendForKey(requests, (options) => requests.client.send(command, options), call, signal);
    return parseHead(output, call);
  }

  readerOf(versionId: string): ObjectReader {
    return this.#reader(versionId);
  }

  lock(key: string, versionId: string, options?: CallOptions): Promise<ObjectLock | undefined> {
    return readRetention(this.#requests, this.#version(key, versionId, options));
  }

  async extendLock(
    key: string,
    versionId: string,
    asked: ObjectLock,
    { bypassesGovernance = false, ...options }: ExtendLockOptions = {},
  ): Promise<ObjectLock> {
    const version = this.#version(key, versionId, options);
    const now = await readRetention(this.#requests, version);
    const wanted = strictest(now, asked);
    const isOtherMode = now !== undefined && now.mode !== wanted.mode;
    if (!isSameLock(now, wanted)) {
      await writeRetention(this.#requests, version, wanted, bypassesGovernance && isOtherMode);
    }
    return wanted;
  }

  legalHold(key: string, versionId: string, options?: CallOptions): Promise<boolean> {
    return readLegalHold(this.#requests, this.#version(key, versionId, options));
  }

  setLegalHold(key: string, versionId: string, isOn: boolean, options?: CallOptions): Promise<void> {
    return writeLegalHold(this.#requests, this.#version(key, versionId, options), isOn);
  }

  listVersions(options: ListVersionsOptions): AsyncIterable<StoredVersion> {
    return listVersions(this.#requests, this.bucket, options);
  }

  async requestRestore(key: string, versionId: string, options: RestoreOptions) {
    const { isCold, restore, storageClass } = await this.head(key, versionId, options);
    if (restore?.state === 'ongoing') return 'ongoing';
    if (!isCold && restore === undefined) return 'ready';
    return requestRestore(this.#requests, this.#version(key, versionId, options), { ...options, storageClass });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lease.release();
  }

  async #putWhole(request: PutRequest): Promise<string | undefined> {
    const { client } = this.#requests;
    const command = putWholeCommand(this.bucket, request);
    const options = { signal: request.signal, bodyBytes: request.sizeBytes };
    const output = await this.#requests.send((sent) => client.send(command, sent), this.#putCall(request), options);
    return output.VersionId;
  }

  #putInParts(request: PutRequest): Promise<string | undefined> {
    const { client } = this.#requests;
    const call = this.#putCall(request);
    const send: SendPart = (command, options) =>
      this.#requests.send((sent) => client.send(command, sent), call, options);
    return putInParts({ bucket: this.bucket, client, request, send });
  }

  /** Who may only write goes on without having seen. */
  async #findCurrentIfAllowed(key: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      return await this.#findCurrent(key, signal);
    } catch (error) {
      if (isAppError(error, 'GET_DENIED')) return undefined;
      throw error;
    }
  }

  /** @throws AppError BUCKET_UNFIT where objects have no versions: nothing could be told apart from what replaced it */
  async #findCurrent(key: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      const { versionId } = await this.#reader().head(key, signal ? { signal } : {});
      if (versionId !== undefined && versionId !== 'null') return versionId;
    } catch (error) {
      if (isAppError(error, 'FILE_MISSING')) return undefined;
      throw error;
    }
    throw new AppError(
      'BUCKET_UNFIT',
      `s3://${this.bucket}/${key} has no version: switch on versioning and Object Lock (archive bucket plan shows how)`,
    );
  }

  #putCall({ key }: PutRequest): AwsCall {
    return { operation: 'put', bucket: this.bucket, key };
  }

  #version(key: string, versionId: string, options: CallOptions = {}): AskedVersion {
    return { bucket: this.bucket, key, versionId, signal: options.signal };
  }

  #reader(versionId?: string): ObjectReader {
    const parts = { bucket: this.bucket, requests: this.#requests, bodyStallMs: this.#bodyStallMs };
    return new S3ObjectReader({ ...parts, ...(versionId === undefined ? {} : { versionId }) });
  }
}
