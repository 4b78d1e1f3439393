import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { AwsRequest } from '../http/request.ts';
import { type ChunkSigner, decodeAwsChunked } from './aws-chunked.ts';
import { incomplete } from './byte-reader.ts';

/** A request's payload, decoded; reading it to the end is what proves it. */
export interface RequestBody {
  /** Decoded length as announced; undefined when the client announced none. */
  readonly announcedBytes: number | undefined;
  /**
   * Readable once.
   * @throws AwsError (while reading) XAmzContentSHA256Mismatch, SignatureDoesNotMatch, IncompleteBody, MalformedTrailerError
   */
  readonly stream: AsyncIterable<Buffer>;
  /** Trailing headers; complete when `stream` has ended. */
  readonly trailers: ReadonlyMap<string, string>;
}

const streamingSigned = ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'];
const streamingUnsigned = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** The value of `x-amz-content-sha256` that enters the canonical request. */
export function claimedPayloadHash(request: AwsRequest, presigned: boolean): string {
  const claimed = request.headers.get('x-amz-content-sha256');
  if (claimed === undefined) {
    if (presigned) return request.query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD';
    throw new AwsError('InvalidRequest', 'x-amz-content-sha256 is missing');
  }
  const known = claimed === 'UNSIGNED-PAYLOAD' || claimed === streamingUnsigned || streamingSigned.includes(claimed);
  if (known || /^[0-9a-f]{64}$/.test(claimed)) return claimed;
  throw new AwsError('InvalidArgument', 'x-amz-content-sha256 is neither a SHA-256 nor one of its keywords', {
    fields: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: claimed },
  });
}

export function openBody(request: AwsRequest, payloadHash: string, signer: ChunkSigner): RequestBody {
  const trailers = new Map<string, string>();
  if (!payloadHash.startsWith('STREAMING-')) {
    const announcedBytes = readLength(request.headers.get('content-length'));
    const plain = payloadHash === 'UNSIGNED-PAYLOAD' ? request.body : hashed(request.body, payloadHash);
    return { announcedBytes, stream: plain, trailers };
  }
  const announcedBytes = readLength(request.headers.get('x-amz-decoded-content-length'));
  if (announcedBytes === undefined) {
    throw new AwsError('MissingContentLength', 'x-amz-decoded-content-length is missing');
  }
  const decoded = decodeAwsChunked({
    source: request.body,
    signer: payloadHash === streamingUnsigned ? undefined : signer,
    trailerNames: readTrailerNames(request, payloadHash),
    trailers,
  });
  return { announcedBytes, stream: measured(decoded, announcedBytes), trailers };
}

/** @throws AwsError MaxMessageLengthExceeded over `maxBytes` */
export async function readWhole(body: RequestBody, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of body.stream) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) throw new AwsError('MaxMessageLengthExceeded', 'the request is larger than allowed');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function readTrailerNames(request: AwsRequest, payloadHash: string): readonly string[] {
  if (!payloadHash.endsWith('-TRAILER')) return [];
  const names = (request.headers.get('x-amz-trailer') ?? '').toLowerCase().split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function readLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new AwsError('InvalidArgument', 'A length header is not a number.');
  return Number(value);
}

async function* hashed(source: AsyncIterable<Buffer>, expectedHash: string): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('sha256');
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  const computed = hash.digest('hex');
  if (computed !== expectedHash) {
    throw new AwsError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      {
        fields: { ClientComputedContentSHA256: expectedHash, S3ComputedContentSHA256: computed },
      },
    );
  }
}

async function* measured(
  source: AsyncIterable<Buffer>,
  announcedBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  let sizeBytes = 0;
  for await (const piece of source) {
    sizeBytes += piece.length;
    if (sizeBytes > announcedBytes) throw incomplete('more bytes than x-amz-decoded-content-length announced');
    yield piece;
  }
  if (sizeBytes !== announcedBytes) throw incomplete('fewer bytes than x-amz-decoded-content-length announced');
}
