import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { AppError } from '../../../errors.ts';
import type {
  NewSandboxBucket,
  NewSandboxObject,
  ObjectAddress,
  ObjectDamage,
  SandboxAdmin,
  SandboxUser,
  WrittenObject,
} from '../admin.ts';
import { AwsError } from '../aws-error.ts';
import type { NewRole, NewUser } from '../iam/directory.ts';
import { PolicyError } from '../iam/parse-policy.ts';
import type { RequestLogView } from '../request-log.ts';
import type { Bucket } from '../s3/bucket.ts';
import { readHeld } from '../s3/extent-store.ts';
import { applyDefault, mayDelete } from '../s3/lock-rules.ts';
import { toEncryption } from '../s3/object-properties.ts';
import type { StoredObject } from '../s3/object-version.ts';
import { checkBucketName, enableObjectLock } from '../s3/operations/create-bucket.ts';
import { discard, etagFor, publishObject } from '../s3/publish-object.ts';
import { runLifecycle } from '../s3/run-lifecycle.ts';
import { parseStorageClass } from '../s3/storage-class.ts';
import { findBucket, type World } from '../world.ts';

/** The owner's hand, in the server's own process. */
export class LocalAdmin implements SandboxAdmin {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async createUser(user: NewUser): Promise<SandboxUser> {
    const { arn, accessKeyId, secretAccessKey } = asInput(() => this.#world.directory.createUser(user));
    return { arn, accessKeyId, secretAccessKey };
  }

  async putRole(role: NewRole): Promise<{ readonly arn: string }> {
    return { arn: asInput(() => this.#world.directory.putRole(role)).arn };
  }

  async deleteRole(arn: string): Promise<void> {
    this.#world.directory.deleteRole(arn);
  }

  async createBucket(input: NewSandboxBucket): Promise<void> {
    asInput(() => checkBucketName(input.name));
    if (this.#world.buckets.has(input.name)) throw new AppError('CONFLICT', `bucket ${input.name} exists already`);
    const bucket = this.#world.buckets.add({
      name: input.name,
      accountId: input.accountId,
      region: input.region ?? this.#world.defaultRegion,
      createdMs: this.#world.clock.nowMs(),
    });
    if (input.versioning === true) bucket.change({ versioning: 'Enabled' });
    if (input.objectLock === true) enableObjectLock(bucket);
  }

  async putObject(input: NewSandboxObject): Promise<WrittenObject> {
    const bucket = this.#bucket(input.bucket);
    const storageClass = asInput(() => parseStorageClass(input.storageClass));
    const encryption = toEncryption(input.kmsKeyId === undefined ? 'AES256' : 'aws:kms', input.kmsKeyId, bucket);
    const lastModifiedMs = input.lastModified?.getTime() ?? this.#world.clock.nowMs();
    const md5 = createHash('md5');
    const extent = await this.#world.extents.write(hashed(input.body, md5));
    const place = { bucket, extents: this.#world.extents };
    const object = await publishObject(
      place,
      input.key,
      {
        headers: {},
        storageClass,
        encryption,
        lock: { retention: applyDefault(bucket.objectLock?.defaultRetention, lastModifiedMs), legalHold: undefined },
        tags: {},
        etag: etagFor(md5.digest('hex'), encryption),
        sizeBytes: extent.sizeBytes,
        extents: [extent],
        partCount: 0,
        checksum: undefined,
      },
      { nowMs: lastModifiedMs },
    );
    return { etag: object.etag, versionId: object.versionId, sizeBytes: object.sizeBytes };
  }

  async deleteObject(address: ObjectAddress): Promise<void> {
    const bucket = this.#bucket(address.bucket);
    bucket.races.noteDelete(address.key);
    if (address.versionId === undefined && bucket.versioning !== undefined) {
      return discard(this.#world.extents, bucket.pushMarker(address.key, this.#world.clock.nowMs()).replaced);
    }
    const versionId = address.versionId ?? 'null';
    const version = bucket.find(address.key, versionId);
    const attempt = { nowMs: this.#world.clock.nowMs(), bypassGovernance: true };
    if (version?.kind === 'object' && !mayDelete(version.lock, attempt)) {
      throw new AppError('CONFLICT', `${address.bucket}/${address.key} version ${versionId} is locked`);
    }
    return discard(this.#world.extents, bucket.remove(address.key, versionId));
  }

  async readObject(address: ObjectAddress): Promise<Uint8Array> {
    const object = this.#object(address);
    const pieces: Uint8Array[] = [];
    for await (const piece of readHeld(this.#world.extents, object.extents, 0, object.sizeBytes)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async damageObject({ body, unlock, ...address }: ObjectDamage): Promise<void> {
    const before = this.#object(address);
    const { retention, legalHold } = before.lock;
    const lock = { retention: unlock === true ? undefined : retention, legalHold };
    if (body === undefined) return this.#bucket(address.bucket).replace({ ...before, lock });
    const extent = await this.#world.extents.write(Readable.from([body]));
    this.#bucket(address.bucket).replace({ ...before, lock, extents: [extent], sizeBytes: extent.sizeBytes });
    await this.#world.extents.remove(before.extents);
  }

  async advanceClock(seconds: number): Promise<void> {
    if (!(seconds >= 0))
      throw new AppError('BAD_INPUT', `advanceClock: time goes forward only, not by ${seconds} seconds`);
    this.#world.clock.advance(seconds);
  }

  async runLifecycle(): Promise<number> {
    return (await runLifecycle(this.#world)).length;
  }

  async requestLog(): Promise<RequestLogView> {
    return this.#world.log.view();
  }

  async resetLog(): Promise<void> {
    this.#world.log.reset();
  }

  #bucket(name: string): Bucket {
    return asInput(() => findBucket(this.#world, name));
  }

  #object(address: ObjectAddress): StoredObject {
    const bucket = this.#bucket(address.bucket);
    const version =
      address.versionId === undefined ? bucket.current(address.key) : bucket.find(address.key, address.versionId);
    if (version?.kind === 'object') return version;
    throw new AppError('NOT_FOUND', `no object ${address.key} in bucket ${address.bucket}`);
  }
}

/** What AWS would answer with an error, in our own codes. */
function asInput<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof AwsError && error.status === 404)
      throw new AppError('NOT_FOUND', error.message, { cause: error });
    if (error instanceof AwsError || error instanceof PolicyError) {
      throw new AppError('BAD_INPUT', error.message, { cause: error });
    }
    throw error;
  }
}

async function* hashed(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  hash: { update(data: Uint8Array): unknown },
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = body instanceof Uint8Array ? [body] : body;
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}
