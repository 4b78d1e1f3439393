import type { S3Client } from '@aws-sdk/client-s3';
import type { BucketRegion } from './clients.ts';
import type { RefreshingCredentials } from './credentials.ts';
import { type AwsCall, isExpiredSession, mapAwsError, redirectedRegion } from './map-error.ts';

export interface S3RequestsParts {
  readonly client: S3Client;
  /** Of the assumed session; undefined where the service acts as itself, whose credentials the SDK renews. */
  readonly credentials: RefreshingCredentials | undefined;
  readonly region: BucketRegion;
}

export type S3Request<Output> = (options: { readonly abortSignal?: AbortSignal }) => Promise<Output>;

/** One for the first try, one after a redirect to the bucket's region, one with a new session. */
const MAX_TRIES = 3;

/** Requests to one bucket, their errors mapped. Closing the client is the business of whoever made it. */
export class S3Requests {
  readonly client: S3Client;
  readonly #credentials: RefreshingCredentials | undefined;
  readonly #region: BucketRegion;

  constructor({ client, credentials, region }: S3RequestsParts) {
    this.client = client;
    this.#credentials = credentials;
    this.#region = region;
  }

  /** The region that the bucket turned out to be in. */
  get bucketRegion(): string {
    return this.#region.current;
  }

  /**
   * A request that meets a bucket elsewhere, or a session that the server no longer takes, is repeated with what was
   * learned; everything else is retried within the SDK, or is an error.
   */
  async send<Output>(request: S3Request<Output>, call: AwsCall, signal?: AbortSignal): Promise<Output> {
    const learned = new Set<'region' | 'session'>();
    for (let tries = 1; ; tries++) {
      const accessKeyId = (await this.#credentials?.get())?.accessKeyId;
      const signedFor = this.#region.current;
      try {
        return await request(signal ? { abortSignal: signal } : {});
      } catch (error) {
        const elsewhere = redirectedRegion(error);
        if (tries < MAX_TRIES && elsewhere !== undefined && elsewhere !== signedFor && !learned.has('region')) {
          this.#region.current = elsewhere;
          learned.add('region');
        } else if (tries < MAX_TRIES && this.#mayRenew(error, call) && !learned.has('session')) {
          this.#credentials?.invalidate(accessKeyId);
          learned.add('session');
        } else {
          throw mapAwsError(error, call, signal);
        }
      }
    }
  }

  #mayRenew(error: unknown, call: AwsCall): boolean {
    return this.#credentials !== undefined && isExpiredSession(error, call);
  }
}
