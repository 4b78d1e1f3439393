import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { RequestHeaders } from '../http/request.ts';
import { Crc32, Crc32c, Crc64Nvme, type Digest } from './crc.ts';

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** FULL_OBJECT: of all bytes. COMPOSITE: of the parts' checksums, written with `-N`. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, with `-N` after it when composite. */
  readonly value: string;
  readonly type: ChecksumType;
}

const digestBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

export function newDigest(algorithm: ChecksumAlgorithm): Digest {
  switch (algorithm) {
    case 'CRC32':
      return new Crc32();
    case 'CRC32C':
      return new Crc32c();
    case 'CRC64NVME':
      return new Crc64Nvme();
    case 'SHA1':
    case 'SHA256': {
      const hash = createHash(algorithm.toLowerCase());
      return { update: (data) => void hash.update(data), digest: () => hash.digest() };
    }
  }
}

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

export function parseAlgorithm(name: string): ChecksumAlgorithm {
  const found = checksumAlgorithms.find((algorithm) => algorithm === name.toUpperCase());
  if (found === undefined) throw new AwsError('InvalidRequest', `no such checksum algorithm: ${name}`);
  return found;
}

/** What a client says about the checksum of the body it sends. `value` is undefined while it is still to come as a trailer. */
export interface ChecksumClaim {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string | undefined;
}

/** @throws AwsError InvalidRequest for more than one checksum, or one that cannot be the algorithm's */
export function readChecksumClaim(headers: RequestHeaders): ChecksumClaim | undefined {
  const trailers = (headers.get('x-amz-trailer') ?? '').toLowerCase().split(/\s*,\s*/);
  const claimed = checksumAlgorithms.filter(
    (algorithm) => headers.has(checksumHeader(algorithm)) || trailers.includes(checksumHeader(algorithm)),
  );
  if (claimed.length > 1) throw new AwsError('InvalidRequest', 'more than one x-amz-checksum- header');
  const [algorithm] = claimed;
  checkAnnounced(headers.get('x-amz-sdk-checksum-algorithm'), algorithm);
  if (algorithm === undefined) return undefined;
  const value = headers.get(checksumHeader(algorithm));
  if (value !== undefined) checkShape(algorithm, value);
  return { algorithm, value };
}

/** A client that says which checksum it sends must send that one. "PutObject", S3 API reference. */
function checkAnnounced(announced: string | undefined, algorithm: ChecksumAlgorithm | undefined): void {
  if (announced === undefined || parseAlgorithm(announced) === algorithm) return;
  throw new AwsError('InvalidRequest', `x-amz-sdk-checksum-algorithm is ${announced}, and no such checksum came`);
}

export function checkShape(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== digestBytes[algorithm] || bytes.toString('base64') !== value) {
    throw new AwsError('InvalidRequest', `${checksumHeader(algorithm)} is no valid checksum`);
  }
}

export function badChecksum(algorithm: ChecksumAlgorithm): AwsError {
  return new AwsError('BadDigest', `the ${algorithm} is not that of the body`);
}

/** The checksum of a multipart object from its parts' checksums. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, partValues: readonly string[]): Checksum {
  const digest = newDigest(algorithm);
  for (const value of partValues) digest.update(Buffer.from(value, 'base64'));
  return { algorithm, value: `${digest.digest().toString('base64')}-${partValues.length}`, type: 'COMPOSITE' };
}

/**
 * The kind of checksum that a multipart upload gets: SHA ones exist as composite only, CRC64NVME as full-object only.
 * @throws AwsError InvalidRequest for a combination that S3 does not have
 */
export function multipartChecksumType(algorithm: ChecksumAlgorithm, asked: string | undefined): ChecksumType {
  const usual: ChecksumType = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  if (asked === undefined || asked === usual) return usual;
  if (asked === 'FULL_OBJECT' && (algorithm === 'CRC32' || algorithm === 'CRC32C')) return 'FULL_OBJECT';
  throw new AwsError('InvalidRequest', `${algorithm} has no checksum of type ${asked}`);
}
