import type { STSClient } from '@aws-sdk/client-sts';
import { AppError, isAppError } from '../errors.ts';
import { archiveSessionPolicy } from './archive-session-policy.ts';
import type { ArchiveStore } from './archive-store.ts';
import { parseRoleArn, requireSamePartition } from './arn.ts';
import { checkBucketName } from './bucket-name.ts';
import { type BucketRegion, makeS3Client, makeStsClient } from './clients.ts';
import { type AwsConfig, awsDefaults } from './config.ts';
import { type AssumableRole, type AssumeRequest, assumeRole, RefreshingCredentials } from './credentials.ts';
import { type Lease, LeaseCache } from './lease-cache.ts';
import type { ObjectReader } from './object-store.ts';
import { S3ArchiveStore } from './s3-archive-store.ts';
import { S3ObjectReader } from './s3-reader.ts';
import { S3Requests } from './s3-requests.ts';
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

  /**
   * The archive's bucket, with the rights of a role, narrowed to what an archive takes, or with our own. Nothing is sent
   * before its first use. Dispose of it after use.
   * @throws AppError BAD_INPUT if role, region or bucket cannot be right
   */
  openArchiveStore(request: ArchiveStoreRequest): ArchiveStore;

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

export interface ArchiveStoreRequest {
  readonly bucket: string;
  readonly region: string;
  /** The writer's or the verifier's; without one the service acts as itself. */
  readonly role?: AssumableRole | undefined;
  /** Of every key that this session may touch; empty by default: the whole bucket. */
  readonly prefix?: string | undefined;
  /** What it is opened for, for the session name in CloudTrail, such as `writer`. */
  readonly name: string;
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
  readonly #s3: LeaseCache<S3Requests>;
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
    const lease = this.#s3.lease(readerKey(request), () => this.#openForReader(request));
    const { bodyStallMs } = this.#config;
    return new LeasedReader(lease, new S3ObjectReader({ bucket: request.bucket, requests: lease.value, bodyStallMs }));
  }

  openArchiveStore(request: ArchiveStoreRequest): ArchiveStore {
    this.#requireOpen();
    const lease = this.#s3.lease(archiveKey(request), () => this.#openForArchive(request));
    return new S3ArchiveStore({ bucket: request.bucket, lease, bodyStallMs: this.#config.bodyStallMs });
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

  #openForReader(request: ReaderRequest): S3Requests {
    const { role, bucket, bucketRegion } = request;
    checkBucketName(bucket);
    const arn = parseRoleArn(role.arn);
    requireSamePartition(arn, role.region);
    if (bucketRegion !== undefined) requireSamePartition(arn, bucketRegion);
    const credentials = this.#credentialsOf({
      role,
      sessionName: sessionName(request.client, request.job),
      policy: readSessionPolicy({ ...request, partition: arn.partition, hasKms: this.#config.hasKms }),
    });
    return this.#requests(bucketRegion ?? role.region, credentials);
  }

  #openForArchive({ role, bucket, region, prefix = '', name }: ArchiveStoreRequest): S3Requests {
    checkBucketName(bucket);
    if (role === undefined) return this.#requests(region, undefined);
    const { partition } = parseRoleArn(role.arn);
    requireSamePartition(parseRoleArn(role.arn), role.region);
    const { hasKms } = this.#config;
    const credentials = this.#credentialsOf({
      role,
      sessionName: sessionName('archive', name),
      policy: archiveSessionPolicy({ partition, bucket, prefix, hasKms }),
    });
    return this.#requests(region, credentials);
  }

  #requests(regionName: string, credentials: RefreshingCredentials | undefined): S3Requests {
    const region: BucketRegion = { current: regionName };
    return new S3Requests({
      client: makeS3Client(this.#config, region, credentials),
      credentials,
      region,
      config: this.#config,
    });
  }

  #credentialsOf(request: Omit<AssumeRequest, 'sessionSeconds'>): RefreshingCredentials {
    const assumption = { ...request, sessionSeconds: this.#config.sessionSeconds };
    return new RefreshingCredentials(async () => {
      const sts = this.#leaseSts(request.role.region);
      try {
        return await assumeRole(sts.value, assumption);
      } finally {
        sts.release();
      }
    }, this.#now);
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
  readonly bucket: string;
  readonly #lease: Lease<S3Requests>;
  readonly list: ObjectReader['list'];
  readonly head: ObjectReader['head'];
  readonly get: ObjectReader['get'];

  constructor(lease: Lease<S3Requests>, reader: ObjectReader) {
    this.bucket = reader.bucket;
    this.#lease = lease;
    this.list = (options) => reader.list(options);
    this.head = (key, options) => reader.head(key, options);
    this.get = (key, options) => reader.get(key, options);
  }

  get bucketRegion(): string {
    return this.#lease.value.bucketRegion;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lease.release();
  }
}

/** Everything that makes a session what it is: two requests that differ in any of it must not share one. */
function readerKey({ role, bucket, bucketRegion, prefix, client, job }: ReaderRequest): string {
  return JSON.stringify([role.arn, role.externalId, role.region, bucket, bucketRegion, prefix, client, job]);
}

function archiveKey({ role, bucket, region, prefix, name }: ArchiveStoreRequest): string {
  return JSON.stringify(['archive', role?.arn, role?.externalId, role?.region, bucket, region, prefix, name]);
}
