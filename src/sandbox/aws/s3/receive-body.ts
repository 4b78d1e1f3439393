import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { maxPutBytes } from '../limits.ts';
import type { ObjectCall } from './call.ts';
import {
  badChecksum,
  type ChecksumAlgorithm,
  checkShape,
  checksumHeader,
  newDigest,
  readChecksumClaim,
} from './checksums.ts';
import type { Extent } from './extent-store.ts';

/** A body that has been stored and agrees with everything its client said about it. */
export interface ReceivedBody {
  readonly extent: Extent;
  readonly md5: string;
  /** Base64, of the algorithm that the client sent, if it sent one. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
}

/**
 * Stores a request's body while checking it: Content-MD5, checksum header or trailer, length, and what the signature says.
 * Nothing stays behind when one of them is wrong.
 * @throws AwsError BadDigest, InvalidDigest, InvalidRequest, EntityTooLarge, MissingContentLength, …
 */
export async function receiveBody(call: ObjectCall, maxBytes = maxPutBytes): Promise<ReceivedBody> {
  const claim = readChecksumClaim(call.headers);
  const contentMd5 = readContentMd5(call.headers.get('content-md5'));
  demandLockChecksum(call, claim !== undefined || contentMd5 !== undefined);
  const { announcedBytes } = call.body;
  if (announcedBytes === undefined) throw new AwsError('MissingContentLength', 'Content-Length is missing');
  if (announcedBytes > maxBytes) throw tooLarge();
  const md5 = createHash('md5');
  const digest = claim === undefined ? undefined : newDigest(claim.algorithm);
  const extent = await call.world.extents.write(
    observed(call.body.stream, (piece) => {
      md5.update(piece);
      digest?.update(piece);
    }),
  );
  try {
    const md5Hex = md5.digest('hex');
    if (contentMd5 !== undefined && contentMd5 !== md5Hex) {
      throw new AwsError('BadDigest', 'Content-MD5 is not that of the body');
    }
    const value = digest?.digest().toString('base64');
    if (claim === undefined || value === undefined) return { extent, md5: md5Hex, checksum: undefined };
    const expected = claim.value ?? call.body.trailers.get(checksumHeader(claim.algorithm)) ?? '';
    checkShape(claim.algorithm, expected);
    if (expected !== value) throw badChecksum(claim.algorithm);
    return { extent, md5: md5Hex, checksum: { algorithm: claim.algorithm, value } };
  } catch (error) {
    await call.world.extents.remove([extent]);
    throw error;
  }
}

/** The signature's own content hash does not count: S3 wants a checksum that stays with the object. */
function demandLockChecksum(call: ObjectCall, hasChecksum: boolean): void {
  if (call.bucket.objectLock === undefined || hasChecksum) return;
  throw new AwsError('InvalidRequest', 'a locked write needs Content-MD5 or a checksum header');
}

function readContentMd5(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const bytes = Buffer.from(header, 'base64');
  if (bytes.length !== 16) throw new AwsError('InvalidDigest', 'Content-MD5 is no base64 of 16 bytes');
  return bytes.toString('hex');
}

async function* observed(
  source: AsyncIterable<Buffer>,
  look: (piece: Buffer) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of source) {
    look(piece);
    yield piece;
  }
}

function tooLarge(): AwsError {
  return new AwsError('EntityTooLarge', 'more bytes than one upload may have');
}
