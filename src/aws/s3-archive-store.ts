import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  RestoreObjectCommand,
} from '@aws-sdk/client-s3';
import { AppError, isAppError } from '../errors.ts';
import type {
  ArchiveStore,
  ListVersionsOptions,
  ObjectLock,
  PutOutcome,
  PutRequest,
  RestoreOptions,
  StoredObject,
  StoredVersion,
} from './archive-store.ts';
import type { AwsConfig } from './config.ts';
import type { Lease } from './lease-cache.ts';
import type { AwsCall } from './map-error.ts';
import type { CallOptions, ObjectReader } from './object-store.ts';
import { putInParts } from './put-in-parts.ts';
import { putWholeCommand, wholeSecond } from './put-whole.ts';
import { S3ObjectReader } from './s3-reader.ts';
import type { S3Requests } from './s3-requests.ts';
import { sendForKey } from './send-for-key.ts';
import { parseHead, parseLock } from './stored-object.ts';
import { VendorError } from './vendor-error.ts';
import { listVersions } from './version-listing.ts';
import { writeOnce } from './write-once.ts';

export interface S3ArchiveStoreParts {
  readonly bucket: string;
  readonly lease: Lease<S3Requests>;
  readonly config: Pick<AwsConfig, 'bodyStallMs' | 'requestTimeoutMs' | 'minUploadBytesPerSecond' | 'maxAttempts'>;
}

/** Up to this size an object is put in one request, whose answer is the whole proof of its bytes. */
const maxWholeBytes = 16 * 1_024 * 1_024;
/** The longest pause between two attempts of the SDK. */
const maxSdkPauseMs = 20_000;

interface Address {
  readonly key: string;
  readonly versionId: string;
}

interface SendOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout: number;
}

/** The archive's contract on S3's API. */
export class S3ArchiveStore implements ArchiveStore {
  readonly bucket: string;
  readonly #parts: S3ArchiveStoreParts & { readonly requests: S3Requests };

  constructor(parts: S3ArchiveStoreParts) {
    this.bucket = parts.bucket;
    this.#parts = { ...parts, requests: parts.lease.value };
  }

  async put(request: PutRequest): Promise<PutOutcome> {
    const { key, sizeBytes, signal } = request;
    const findCurrent = () => this.#findCurrent(key, signal);
    if (sizeBytes <= maxWholeBytes) return writeOnce({ write: () => this.#putWhole(request), findCurrent }, request);
    // Parts are refused only when the last has been sent: looking first saves sending them in vain.
    const current = await this.#findCurrentIfAllowed(key, signal);
    if (current !== undefined) return { outcome: 'exists', versionId: current };
    return writeOnce({ write: () => this.#putInParts(request), findCurrent }, request);
  }

  async head(key: string, versionId: string, { signal }: CallOptions = {}): Promise<StoredObject> {
    const address = { key, versionId };
    const command = new HeadObjectCommand(this.#input(address));
    const call = { operation: 'head', bucket: this.bucket, ...address } as const;
    const { requests } = this.#parts;
    const output = await sendForKey(requests, (options) => requests.client.send(command, options), call, signal);
    return parseHead(output, address);
  }

  readerOf(versionId: string): ObjectReader {
    return this.#reader(versionId);
  }

  async lock(key: string, versionId: string, { signal }: CallOptions = {}): Promise<ObjectLock | undefined> {
    const command = new GetObjectRetentionCommand(this.#input({ key, versionId }));
    const call = this.#versionCall({ key, versionId }, 's3:GetObjectRetention');
    const output = await unlessNothingSet(
      this.#send((options) => this.#client.send(command, options), call, { signal }),
    );
    return parseLock(output?.Retention?.Mode, output?.Retention?.RetainUntilDate);
  }

  async extendLock(key: string, versionId: string, asked: ObjectLock, options: CallOptions = {}): Promise<ObjectLock> {
    const now = await this.lock(key, versionId, options);
    const wanted = stricter(now, { mode: asked.mode, retainUntil: wholeSecond(asked.retainUntil) });
    if (now !== undefined && isSame(now, wanted)) return now;
    const Retention = { Mode: wanted.mode, RetainUntilDate: wanted.retainUntil };
    const command = new PutObjectRetentionCommand({ ...this.#input({ key, versionId }), Retention });
    const call = this.#versionCall({ key, versionId }, 's3:PutObjectRetention');
    await this.#send((sendOptions) => this.#client.send(command, sendOptions), call, options);
    return wanted;
  }

  async legalHold(key: string, versionId: string, { signal }: CallOptions = {}): Promise<boolean> {
    const command = new GetObjectLegalHoldCommand(this.#input({ key, versionId }));
    const call = this.#versionCall({ key, versionId }, 's3:GetObjectLegalHold');
    const output = await unlessNothingSet(
      this.#send((options) => this.#client.send(command, options), call, { signal }),
    );
    return output?.LegalHold?.Status === 'ON';
  }

  async setLegalHold(key: string, versionId: string, isOn: boolean, { signal }: CallOptions = {}): Promise<void> {
    const LegalHold = { Status: isOn ? 'ON' : 'OFF' } as const;
    const command = new PutObjectLegalHoldCommand({ ...this.#input({ key, versionId }), LegalHold });
    const call = this.#versionCall({ key, versionId }, 's3:PutObjectLegalHold');
    await this.#send((options) => this.#client.send(command, options), call, { signal });
  }

  listVersions(options: ListVersionsOptions): AsyncIterable<StoredVersion> {
    return listVersions(this.#parts.requests, this.bucket, options);
  }

  async requestRestore(
    key: string,
    versionId: string,
    { days, tier, signal }: RestoreOptions,
  ): Promise<'requested' | 'ongoing' | 'ready'> {
    const { isCold, restore, storageClass } = await this.head(key, versionId, signal ? { signal } : {});
    if (restore?.state === 'ongoing') return 'ongoing';
    if (!isCold && restore === undefined) return 'ready';
    // Out of Intelligent-Tiering's cold tiers an object comes back for good, and S3 refuses a number of days.
    const stays = storageClass === 'INTELLIGENT_TIERING' ? {} : { Days: days };
    const RestoreRequest = { ...stays, GlacierJobParameters: { Tier: tier } };
    const command = new RestoreObjectCommand({ ...this.#input({ key, versionId }), RestoreRequest });
    const call = this.#versionCall({ key, versionId }, 's3:RestoreObject');
    try {
      const output = await this.#send((options) => this.#client.send(command, options), call, { signal });
      return output.$metadata.httpStatusCode === 200 ? 'ready' : 'requested';
    } catch (error) {
      if (isVendorCode(error, 'RestoreAlreadyInProgress')) return 'ongoing';
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.lease.release();
  }

  async #putInParts(request: PutRequest): Promise<string | undefined> {
    const call = this.#putCall(request.key);
    const { client } = this.#parts.requests;
    return putInParts({
      bucket: this.bucket,
      client,
      request,
      send: (command, { bodyBytes, signal }) =>
        this.#send((options) => client.send(command, options), call, { sizeBytes: bodyBytes, signal }),
    });
  }

  async #putWhole(request: PutRequest): Promise<string | undefined> {
    const command = putWholeCommand(this.bucket, request);
    const call = this.#putCall(request.key);
    return (await this.#send((options) => this.#client.send(command, options), call, request)).VersionId;
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

  /**
   * One request, which ends: each attempt after its own time, longer where there is a body, and all of them together. The
   * second bound is for an answer that begins and never goes on, which the SDK does not time.
   */
  async #send<Output>(
    request: (options: SendOptions) => Promise<Output>,
    call: AwsCall,
    { signal, sizeBytes = 0 }: { readonly signal?: AbortSignal | undefined; readonly sizeBytes?: number },
  ): Promise<Output> {
    const { requestTimeoutMs, minUploadBytesPerSecond, maxAttempts } = this.#parts.config;
    const requestTimeout = requestTimeoutMs + Math.ceil((sizeBytes / minUploadBytesPerSecond) * 1_000);
    const deadline = AbortSignal.timeout(maxAttempts * (requestTimeout + maxSdkPauseMs));
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      return await this.#parts.requests.send((options) => request({ ...options, requestTimeout }), call, either);
    } catch (error) {
      if (!deadline.aborted || signal?.aborted) throw error;
      throw new AppError('TIMEOUT', `${call.operation} in ${this.bucket}: no whole answer in time`, { cause: error });
    }
  }

  get #client() {
    return this.#parts.requests.client;
  }

  #putCall(key: string): AwsCall {
    return { operation: 'put', bucket: this.bucket, key };
  }

  #versionCall(address: Address, permission: string): AwsCall {
    return { operation: 'version', bucket: this.bucket, ...address, permission };
  }

  #input({ key, versionId }: Address) {
    return { Bucket: this.bucket, Key: key, VersionId: versionId };
  }

  #reader(versionId?: string): ObjectReader {
    const { requests, config } = this.#parts;
    const { bodyStallMs } = config;
    return new S3ObjectReader({
      bucket: this.bucket,
      requests,
      bodyStallMs,
      ...(versionId === undefined ? {} : { versionId }),
    });
  }
}

/** What a version without lock or hold is answered with. */
async function unlessNothingSet<Output>(answer: Promise<Output>): Promise<Output | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isVendorCode(error, 'NoSuchObjectLockConfiguration')) return undefined;
    throw error;
  }
}

function isVendorCode(error: unknown, code: string): boolean {
  return isAppError(error) && error.cause instanceof VendorError && error.cause.vendorCode === code;
}

function stricter(now: ObjectLock | undefined, asked: ObjectLock): ObjectLock {
  if (now === undefined) return asked;
  return {
    mode: now.mode === 'COMPLIANCE' ? 'COMPLIANCE' : asked.mode,
    retainUntil: now.retainUntil > asked.retainUntil ? now.retainUntil : asked.retainUntil,
  };
}

function isSame(a: ObjectLock, b: ObjectLock): boolean {
  return a.mode === b.mode && a.retainUntil.getTime() === b.retainUntil.getTime();
}
