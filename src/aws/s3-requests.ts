import type { S3Client } from '@aws-sdk/client-s3';
import { AppError } from '../errors.ts';
import type { BucketRegion } from './clients.ts';
import type { AwsConfig } from './config.ts';
import type { RefreshingCredentials } from './credentials.ts';
import { type AwsCall, isExpiredSession, mapAwsError, redirectedRegion } from './map-error.ts';

export interface S3RequestsParts {
  readonly client: S3Client;
  /** Of the assumed session; undefined where the service acts as itself, whose credentials the SDK renews. */
  readonly credentials: RefreshingCredentials | undefined;
  readonly region: BucketRegion;
  readonly config: Pick<AwsConfig, 'requestTimeoutMs' | 'minUploadBytesPerSecond' | 'maxAttempts'>;
}

/** To be handed to the client with the command. */
export interface S3SendOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout: number;
}

export type S3Request<Output> = (options: S3SendOptions) => Promise<Output>;

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is sent; it makes the request take longer. */
  readonly bodyBytes?: number;
}

/** One for the first try, one after a redirect to the bucket's region, one with a new session. */
const MAX_TRIES = 3;
/** The longest pause between two attempts of the SDK. */
const MAX_SDK_PAUSE_MS = 20_000;

/** Requests to one bucket, each of which ends, with errors mapped. Closing the client is its maker's business. */
export class S3Requests {
  readonly client: S3Client;
  readonly #parts: S3RequestsParts;

  constructor(parts: S3RequestsParts) {
    this.client = parts.client;
    this.#parts = parts;
  }

  /** The region that the bucket turned out to be in. */
  get bucketRegion(): string {
    return this.#parts.region.current;
  }

  /**
   * Sends one request: each of the SDK's attempts ends after its own time, and all of them together, which bounds an answer
   * that begins and never goes on. The body of a GET is beyond that; object-body.ts watches it.
   * @throws AppError as mapAwsError
   */
  async send<Output>(request: S3Request<Output>, call: AwsCall, options: RequestOptions = {}): Promise<Output> {
    const { requestTimeoutMs, minUploadBytesPerSecond, maxAttempts } = this.#parts.config;
    const { signal, bodyBytes = 0 } = options;
    const requestTimeout = requestTimeoutMs + Math.ceil((bodyBytes / minUploadBytesPerSecond) * 1_000);
    if (call.operation === 'get') return this.#sendLearning(request, call, { requestTimeout, signal });
    const deadline = AbortSignal.timeout(maxAttempts * (requestTimeout + MAX_SDK_PAUSE_MS));
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      return await this.#sendLearning(request, call, { requestTimeout, signal: either });
    } catch (error) {
      if (!deadline.aborted || signal?.aborted) throw error;
      throw new AppError('TIMEOUT', `${call.operation} asked of S3: no whole answer in time`, { cause: error });
    }
  }

  /**
   * A request that meets a bucket elsewhere, or a session that the server no longer takes, is repeated with what was
   * learned; everything else is retried within the SDK, or is an error.
   */
  async #sendLearning<Output>(
    request: S3Request<Output>,
    call: AwsCall,
    { requestTimeout, signal }: { readonly requestTimeout: number; readonly signal: AbortSignal | undefined },
  ): Promise<Output> {
    const { credentials, region } = this.#parts;
    const learned = new Set<'region' | 'session'>();
    for (let tries = 1; ; tries++) {
      const accessKeyId = (await credentials?.get())?.accessKeyId;
      const signedFor = region.current;
      try {
        return await request({ requestTimeout, ...(signal ? { abortSignal: signal } : {}) });
      } catch (error) {
        const elsewhere = redirectedRegion(error);
        if (tries < MAX_TRIES && elsewhere !== undefined && elsewhere !== signedFor && !learned.has('region')) {
          region.current = elsewhere;
          learned.add('region');
        } else if (tries < MAX_TRIES && this.#mayRenew(error, call) && !learned.has('session')) {
          credentials?.invalidate(accessKeyId);
          learned.add('session');
        } else {
          throw mapAwsError(error, call, signal);
        }
      }
    }
  }

  #mayRenew(error: unknown, call: AwsCall): boolean {
    return this.#parts.credentials !== undefined && isExpiredSession(error, call);
  }
}
