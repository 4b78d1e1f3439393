import type { S3Client } from '@aws-sdk/client-s3';
import { isAppError } from '../errors.ts';
import { parseRoleArn, requireSamePartition } from './arn.ts';
import { changePermissions, changeRequest } from './bucket-changes.ts';
import { checkBucketName } from './bucket-name.ts';
import { bucketReadings, type Reading } from './bucket-readings.ts';
import type { BucketChange, BucketState, Seen } from './bucket-state.ts';
import { type BucketRegion, makeS3Client, makeStsClient } from './clients.ts';
import { type AwsConfig, awsDefaults } from './config.ts';
import { type AssumableRole, assumeRole, RefreshingCredentials } from './credentials.ts';
import { type AwsCall, mapAwsError } from './map-error.ts';
import type { CallOptions } from './object-store.ts';
import { isAwsRegion } from './partition.ts';
import type { PolicyDocument } from './policy.ts';
import { sessionName } from './session-name.ts';
import { VendorError } from './vendor-error.ts';

/** One bucket's settings: read all, change one. To be disposed of after use. */
export interface BucketAdmin extends AsyncDisposable {
  readonly bucket: string;

  /**
   * Every setting as it is now. What is not configured is `undefined`; what may not be read is said to be denied.
   * @throws AppError for credentials that are refused, and what is transient
   */
  read(options?: CallOptions): Promise<BucketState>;

  /**
   * @throws AppError ACCESS_DENIED naming the permission; CONFLICT if the name is taken or another change is under way;
   *   BUCKET_UNFIT if bucket or server cannot have it; BAD_INPUT if S3 finds it malformed; and what is transient
   */
  change(change: BucketChange, options?: CallOptions): Promise<void>;
}

export interface BucketAdminRequest {
  readonly bucket: string;
  /** Where the bucket is, or is to be made. */
  readonly region: string;
  /** Assumed where given; otherwise the service acts as itself. */
  readonly role?: AssumableRole | undefined;
}

/** @throws AppError BAD_INPUT if bucket, region or role cannot be right. Nothing is sent before the first use. */
export function openBucketAdmin(settings: Partial<AwsConfig>, request: BucketAdminRequest): BucketAdmin {
  checkBucketName(request.bucket);
  const config: AwsConfig = { ...awsDefaults, ...settings };
  const region: BucketRegion = { current: request.region };
  const credentials = request.role === undefined ? undefined : roleCredentials(config, request.bucket, request.role);
  return new S3BucketAdmin(request.bucket, region, makeS3Client(config, region, credentials));
}

class S3BucketAdmin implements BucketAdmin {
  readonly bucket: string;
  readonly #region: BucketRegion;
  readonly #client: S3Client;
  /** Where a bucket is made; `#region` moves to where the bucket is. */
  readonly #askedRegion: string;

  constructor(bucket: string, region: BucketRegion, client: S3Client) {
    this.bucket = bucket;
    this.#region = region;
    this.#askedRegion = region.current;
    this.#client = client;
  }

  async read({ signal }: CallOptions = {}): Promise<BucketState> {
    const region = await this.#readRegion(signal);
    if (region.seen && region.value === undefined) return { ...nothingConfigured, bucket: this.bucket, region };
    const see = <T>(reading: Reading<T>) => this.#see(reading, signal);
    const [versioning, objectLock, encryption, ownership] = await Promise.all([
      see(bucketReadings.versioning),
      see(bucketReadings.objectLock),
      see(bucketReadings.encryption),
      see(bucketReadings.ownership),
    ]);
    const [policy, publicAccess, lifecycle, replication] = await Promise.all([
      see(bucketReadings.policy),
      see(bucketReadings.publicAccess),
      see(bucketReadings.lifecycle),
      see(bucketReadings.replication),
    ]);
    const locking = { versioning, objectLock, encryption, ownership };
    return { bucket: this.bucket, region, ...locking, policy, publicAccess, lifecycle, replication };
  }

  async change(change: BucketChange, { signal }: CallOptions = {}): Promise<void> {
    const request = changeRequest(change, { Bucket: this.bucket, region: this.#askedRegion });
    try {
      await request(this.#client, signal ? { abortSignal: signal } : {});
    } catch (error) {
      throw mapAwsError(error, this.#call(changePermissions[change.setting]), signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
  }

  /** A bucket elsewhere is read there, so that what it lacks can be told besides. */
  async #readRegion(signal: AbortSignal | undefined): Promise<Seen<string>> {
    const region = await this.#see(bucketReadings.region, signal);
    if (!region.seen || region.value === undefined) return region;
    // A server that names its regions its own way is asked through one endpoint, wherever the bucket is.
    if (!isAwsRegion(this.#askedRegion)) return { seen: true, value: this.#askedRegion };
    this.#region.current = region.value;
    return region;
  }

  async #see<T>(reading: Reading<T>, signal: AbortSignal | undefined): Promise<Seen<T>> {
    const { permission } = reading;
    try {
      const options = signal ? { abortSignal: signal } : {};
      return { seen: true, value: await reading.ask(this.#client, { Bucket: this.bucket, options }) };
    } catch (error) {
      const { vendorCode } = new VendorError(error);
      if (reading.absentCodes.includes(vendorCode)) return { seen: true, value: undefined };
      if (unsupportedCodes.has(vendorCode)) return { seen: false, why: 'unsupported', permission };
      const told = reading.toldByRefusal?.(error);
      if (told !== undefined) return { seen: true, value: told };
      const failure = mapAwsError(error, this.#call(permission), signal);
      if (isAppError(failure, 'ACCESS_DENIED')) return { seen: false, why: 'denied', permission };
      throw failure;
    }
  }

  #call(permission: string): AwsCall {
    return { operation: 'bucket', bucket: this.bucket, permission };
  }
}

/** How servers say that they have no such setting at all. */
const unsupportedCodes: ReadonlySet<string> = new Set(['NotImplemented', 'MethodNotAllowed']);

const absent = { seen: true, value: undefined } as const;
const nothingConfigured = {
  versioning: absent,
  objectLock: absent,
  encryption: absent,
  ownership: absent,
  policy: absent,
  publicAccess: absent,
  lifecycle: absent,
  replication: absent,
};

function roleCredentials(config: AwsConfig, bucket: string, role: AssumableRole): RefreshingCredentials {
  const arn = parseRoleArn(role.arn);
  requireSamePartition(arn, role.region);
  const assumption = {
    role,
    sessionName: sessionName('archive', 'bucket'),
    policy: adminSessionPolicy(`arn:${arn.partition}:s3:::${bucket}`),
    sessionSeconds: config.sessionSeconds,
  };
  return new RefreshingCredentials(async () => {
    const sts = makeStsClient(config, role.region);
    try {
      return await assumeRole(sts, assumption);
    } finally {
      sts.destroy();
    }
  });
}

/** Whatever the role may do: this session sees no object, and changes no other bucket. */
function adminSessionPolicy(bucketArn: string): string {
  const toS3 = { StringEquals: { 'iam:PassedToService': 's3.amazonaws.com' } };
  const policy: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:*', Resource: bucketArn },
      { Effect: 'Allow', Action: 'iam:PassRole', Resource: '*', Condition: toS3 },
    ],
  };
  return JSON.stringify(policy);
}
