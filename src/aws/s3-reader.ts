import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { AppError, isAppError } from '../errors.ts';
import type { BucketRegion } from './clients.ts';
import type { RefreshingCredentials } from './credentials.ts';
import { listPages, parseListingPage, withoutQuotes } from './listing.ts';
import { type AwsCall, isExpiredSession, mapAwsError, redirectedRegion } from './map-error.ts';
import { watchedBody } from './object-body.ts';
import type {
  CallOptions,
  GetOptions,
  ListedObject,
  ListOptions,
  ObjectBody,
  ObjectHead,
  ObjectReader,
} from './object-store.ts';

export interface S3ReaderParts {
  readonly bucket: string;
  readonly client: S3Client;
  readonly credentials: RefreshingCredentials;
  readonly region: BucketRegion;
  readonly bodyStallMs: number;
}

type Request<Output> = (options: { readonly abortSignal?: AbortSignal }) => Promise<Output>;
type KeyCall = Extract<AwsCall, { readonly key: string }>;

/** One for the first try, one after a redirect to the bucket's region, one with a new session. */
const MAX_TRIES = 3;

/** The reader contract on S3's API. Closing the client is the business of whoever made it. */
export class S3ObjectReader implements ObjectReader {
  readonly bucket: string;
  readonly #parts: S3ReaderParts;

  constructor(parts: S3ReaderParts) {
    this.bucket = parts.bucket;
    this.#parts = parts;
  }

  /** The region that the bucket turned out to be in. */
  get bucketRegion(): string {
    return this.#parts.region.current;
  }

  list({ prefix, startAfter, signal }: ListOptions): AsyncIterable<ListedObject> {
    const call: AwsCall = { operation: 'list', bucket: this.bucket, prefix };
    return listPages(async (token, pageSignal) => {
      const command = new ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: prefix,
        EncodingType: 'url',
        ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      return parseListingPage(
        await this.#send((options) => this.#parts.client.send(command, options), call, pageSignal),
      );
    }, signal);
  }

  async head(key: string, { signal }: CallOptions = {}): Promise<ObjectHead> {
    const command = new HeadObjectCommand({ Bucket: this.bucket, Key: key });
    const call: KeyCall = { operation: 'head', bucket: this.bucket, key };
    const output = await this.#sendForKey((options) => this.#parts.client.send(command, options), call, signal);
    return objectHead(output, output.ContentLength, call);
  }

  async get(key: string, { ifMatch, range, signal }: GetOptions = {}): Promise<ObjectBody> {
    const command = new GetObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ...(ifMatch === undefined ? {} : { IfMatch: `"${ifMatch}"` }),
      ...(range === undefined ? {} : { Range: rangeHeader(range) }),
    });
    const call: KeyCall = { operation: 'get', bucket: this.bucket, key };
    const output = await this.#sendForKey((options) => this.#parts.client.send(command, options), call, signal);
    const stream = bodyStream(output, call);
    try {
      const head = objectHead(output, wholeSize(output, range, call), call);
      const body = watchedBody(stream, { call, stallMs: this.#parts.bodyStallMs, signal });
      return { ...head, body, discard: () => void stream.destroy() };
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  /**
   * Who may list a prefix only (as our sessions do) is answered 403 for a key that does not exist, because S3 tells a
   * missing key only to who may list the whole bucket. A listing of that key tells the two apart.
   */
  async #sendForKey<Output>(request: Request<Output>, call: KeyCall, signal: AbortSignal | undefined): Promise<Output> {
    try {
      return await this.#send(request, call, signal);
    } catch (error) {
      if (!isAppError(error, 'GET_DENIED') || (await this.#mayExist(call.key, signal))) throw error;
      throw new AppError('FILE_MISSING', `read s3://${call.bucket}/${call.key}: there is no such object`, {
        cause: error,
      });
    }
  }

  async #mayExist(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      // Keys come in order, so the key itself is the first of those that start with it.
      for await (const first of this.list({ prefix: key, ...(signal ? { signal } : {}) })) return first.key === key;
      return false;
    } catch {
      return true; // not to be known: the refusal stands
    }
  }

  /**
   * A request that meets a bucket elsewhere, or a session that the server no longer takes, is repeated with what was
   * learned; everything else is retried within the SDK, or is an error.
   */
  async #send<Output>(request: Request<Output>, call: AwsCall, signal: AbortSignal | undefined): Promise<Output> {
    const { credentials, region } = this.#parts;
    const learned = new Set<'region' | 'session'>();
    for (let tries = 1; ; tries++) {
      const { accessKeyId } = await credentials.get();
      const signedFor = region.current;
      try {
        return await request(signal ? { abortSignal: signal } : {});
      } catch (error) {
        const elsewhere = redirectedRegion(error);
        if (tries < MAX_TRIES && elsewhere !== undefined && elsewhere !== signedFor && !learned.has('region')) {
          region.current = elsewhere;
          learned.add('region');
        } else if (tries < MAX_TRIES && isExpiredSession(error, call) && !learned.has('session')) {
          credentials.invalidate(accessKeyId);
          learned.add('session');
        } else {
          throw mapAwsError(error, call, signal);
        }
      }
    }
  }
}

/** HTTP's ranges include their last byte, ours do not. */
function rangeHeader({ start, end }: { readonly start: number; readonly end?: number }): string {
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

function bodyStream(output: GetObjectCommandOutput, call: AwsCall): Readable {
  if (output.Body instanceof Readable) return output.Body;
  throw mapAwsError(new Error('the response has no body'), call);
}

/** The object's whole size; of a ranged answer it stands behind the slash of `Content-Range: bytes 0-9/1234`. */
function wholeSize(output: GetObjectCommandOutput, range: GetOptions['range'], call: AwsCall): number | undefined {
  if (range === undefined) return output.ContentLength;
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(output.ContentRange ?? '');
  // Taken as the range, the whole object would put the wrong bytes in the middle of a file.
  if (!match || Number(match[1]) !== range.start) {
    throw new AppError(
      'SERVER_ERROR',
      `${call.operation} of a range was answered with "${output.ContentRange ?? 'all'}"`,
    );
  }
  return Number(match[2]);
}

function objectHead(
  output: HeadObjectCommandOutput | GetObjectCommandOutput,
  sizeBytes: number | undefined,
  call: AwsCall,
): ObjectHead {
  const { ETag, LastModified, VersionId } = output;
  if (ETag === undefined || LastModified === undefined || sizeBytes === undefined) {
    throw new AppError('SERVER_ERROR', `${call.operation}: the answer lacks ETag, date or size`);
  }
  return { etag: withoutQuotes(ETag), sizeBytes, lastModified: LastModified, versionId: VersionId };
}
