import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { AppError } from '../errors.ts';
import { withoutQuotes } from './listing.ts';
import { type AwsCall, mapAwsError } from './map-error.ts';
import { watchedBody } from './object-body.ts';
import { listObjects } from './object-listing.ts';
import type {
  CallOptions,
  GetOptions,
  ListedObject,
  ListOptions,
  ObjectBody,
  ObjectHead,
  ObjectReader,
} from './object-store.ts';
import type { S3Requests } from './s3-requests.ts';
import { type KeyCall, sendForKey } from './send-for-key.ts';

export interface S3ReaderParts {
  readonly bucket: string;
  readonly requests: S3Requests;
  readonly bodyStallMs: number;
  /** Reads this version only, of whatever key; without it the current one. Listings are of current objects either way. */
  readonly versionId?: string;
}

/** The reader contract on S3's API. */
export class S3ObjectReader implements ObjectReader {
  readonly bucket: string;
  readonly #parts: S3ReaderParts;

  constructor(parts: S3ReaderParts) {
    this.bucket = parts.bucket;
    this.#parts = parts;
  }

  list(options: ListOptions): AsyncIterable<ListedObject> {
    return listObjects(this.#parts.requests, this.bucket, options);
  }

  async head(key: string, { signal }: CallOptions = {}): Promise<ObjectHead> {
    const command = new HeadObjectCommand({ Bucket: this.bucket, Key: key, ...this.#version() });
    const call = this.#callFor('head', key);
    const { requests } = this.#parts;
    const output = await sendForKey(requests, (options) => requests.client.send(command, options), call, signal);
    return objectHead(output, output.ContentLength, call);
  }

  async get(key: string, { ifMatch, range, signal }: GetOptions = {}): Promise<ObjectBody> {
    const command = new GetObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ...this.#version(),
      ...(ifMatch === undefined ? {} : { IfMatch: `"${ifMatch}"` }),
      ...(range === undefined ? {} : { Range: rangeHeader(range) }),
    });
    const call = this.#callFor('get', key);
    const { requests } = this.#parts;
    const output = await sendForKey(requests, (options) => requests.client.send(command, options), call, signal);
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

  #version(): { readonly VersionId?: string } {
    const { versionId } = this.#parts;
    return versionId === undefined ? {} : { VersionId: versionId };
  }

  #callFor(operation: KeyCall['operation'], key: string): KeyCall {
    const { versionId } = this.#parts;
    return { operation, bucket: this.bucket, key, ...(versionId === undefined ? {} : { versionId }) };
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
