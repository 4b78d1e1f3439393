import type { S3Client } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import { AppError, isAppError } from '../errors.ts';
import { parseRoleArn, requireSamePartition } from './arn.ts';
import { checkBucketName } from './bucket-name.ts';
import { type BucketRegion, makeS3Client, makeStsClient } from './clients.ts';
import { type AwsConfig, awsDefaults } from './config.ts';
import { type AssumableRole, assumeRole, RefreshingCredentials } from './credentials.ts';
import { type Lease, LeaseCache } from './lease-cache.ts';
import type { ObjectReader } from './object-store.ts';
import { S3ObjectReader } from './s3-reader.ts';
import { sessionName } from './session-name.ts';
import { denyAllSessionPolicy, readSessionPolicy } from './session-policy.ts';

/** The one way to a client's objects. */
export interface AwsAccess {
  /**
   * A reader of one prefix of one bucket, in a session of the client's role that may do nothing else. Nothing is sent
   * before its first use, so a refused role shows there. Dispose of it after use.
   * @throws AppError BAD_INPUT if role, region or prefix cannot be right
   */
  openReader(request: ReaderRequest): OpenReader;

  /**
   * Whether the role can be assumed as given; the session, if one is granted, may do nothing.
   * @throws AppError for everything but an assumption that was granted or denied
   */
  probeRole(request: ProbeRequest): Promise<RoleProbe>;

  /** Ends what is idle at once, and readers still open when they are disposed of. */
  close(): void;
}

export interface ReaderRequest {
  readonly role: AssumableRole;
  readonly bucket: string;
  /** Where it is known; otherwise S3 is asked in the role's region, and redirects. */
  readonly bucketRegion?: string | undefined;
  readonly prefix: string;
  /** Client and job, for the session name in the client's CloudTrail. */
  readonly client: string;
  readonly job: string;
}

export interface OpenReader extends ObjectReader, AsyncDisposable {
  /** The region that the bucket is in, as far as known: after a first call it is right. */
  readonly bucketRegion: string;
}

export interface ProbeRequest {
  readonly role: AssumableRole;
  readonly client: string;
  readonly job: string;
  readonly signal?: AbortSignal;
}

export type RoleProbe = { readonly granted: true } | { readonly granted: false; readonly denial: AppError };

export interface AwsSettings extends Partial<AwsConfig> {
  /** The clock, by which sessions are renewed. */
  readonly now?: () => number;
}

interface OpenS3 {
  readonly client: S3Client;
  readonly reader: S3ObjectReader;
}

/** Roles lie in few regions; AWS has some forty. */
const MAX_STS_CLIENTS = 64;
/** The shortest session that STS grants: a probe drops it at once. */
const PROBE_SESSION_SECONDS = 900;

export function createAwsAccess(settings: AwsSettings = {}): AwsAccess {
  return new RoleAccess({ ...awsDefaults, ...settings }, settings.now ?? Date.now);
}

class RoleAccess implements AwsAccess {
  readonly #config: AwsConfig;
  readonly #now: () => number;
  readonly #s3: LeaseCache<OpenS3>;
  readonly #sts: LeaseCache<STSClient>;
  #isClosed = false;

  constructor(config: AwsConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
    this.#s3 = new LeaseCache({ max: config.maxCachedClients, destroy: ({ client }) => client.destroy() });
    this.#sts = new LeaseCache({ max: MAX_STS_CLIENTS, destroy: (client) => client.destroy() });
  }

  openReader(request: ReaderRequest): OpenReader {
    this.#requireOpen();
    return new LeasedReader(this.#s3.lease(cacheKey(request), () => this.#openS3(request)));
  }

  async probeRole({ role, client, job, signal }: ProbeRequest): Promise<RoleProbe> {
    this.#requireOpen();
    requireSamePartition(parseRoleArn(role.arn), role.region);
    const sts = this.#leaseSts(role.region);
    try {
      const request = { role, sessionName: sessionName(client, job), policy: denyAllSessionPolicy() };
      await assumeRole(sts.value, { ...request, sessionSeconds: PROBE_SESSION_SECONDS }, signal);
      return { granted: true };
    } catch (error) {
      if (isAppError(error, 'ASSUME_ROLE_DENIED')) return { granted: false, denial: error };
      throw error;
    } finally {
      sts.release();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#s3.clear();
    this.#sts.clear();
  }

  #openS3(request: ReaderRequest): OpenS3 {
    const { role, bucket } = request;
    checkBucketName(bucket);
    const arn = parseRoleArn(role.arn);
    requireSamePartition(arn, role.region);
    if (request.bucketRegion !== undefined) requireSamePartition(arn, request.bucketRegion);
    const assumption = {
      role,
      sessionName: sessionName(request.client, request.job),
      policy: readSessionPolicy({ ...request, partition: arn.partition, hasKms: this.#config.hasKms }),
      sessionSeconds: this.#config.sessionSeconds,
    };
    const credentials = new RefreshingCredentials(async () => {
      const sts = this.#leaseSts(role.region);
      try {
        return await assumeRole(sts.value, assumption);
      } finally {
        sts.release();
      }
    }, this.#now);
    const region: BucketRegion = { current: request.bucketRegion ?? role.region };
    const client = makeS3Client(this.#config, region, credentials);
    const { bodyStallMs } = this.#config;
    return { client, reader: new S3ObjectReader({ bucket, client, credentials, region, bodyStallMs }) };
  }

  #leaseSts(region: string): Lease<STSClient> {
    return this.#sts.lease(region, () => makeStsClient(this.#config, region));
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new AppError('INTERNAL', 'AWS access was used after it was closed');
  }
}

/** A cached reader on loan. */
class LeasedReader implements OpenReader {
  readonly #lease: Lease<OpenS3>;
  readonly list: ObjectReader['list'];
  readonly head: ObjectReader['head'];
  readonly get: ObjectReader['get'];

  constructor(lease: Lease<OpenS3>) {
    this.#lease = lease;
    const { reader } = lease.value;
    this.list = (options) => reader.list(options);
    this.head = (key, options) => reader.head(key, options);
    this.get = (key, options) => reader.get(key, options);
  }

  get bucket(): string {
    return this.#lease.value.reader.bucket;
  }

  get bucketRegion(): string {
    return this.#lease.value.reader.bucketRegion;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lease.release();
  }
}

/** Everything that makes a session what it is: two requests that differ in any of it must not share one. */
function cacheKey({ role, bucket, bucketRegion, prefix, client, job }: ReaderRequest): string {
  return JSON.stringify([role.arn, role.externalId, role.region, bucket, bucketRegion, prefix, client, job]);
}
