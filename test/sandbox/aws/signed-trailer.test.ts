import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type ChunkSigner, decodeAwsChunked } from '../../../src/sandbox/aws/auth/aws-chunked.ts';
import type { SignatureClaim } from '../../../src/sandbox/aws/auth/signature-claim.ts';
import { scopeOf, signingKey } from '../../../src/sandbox/aws/auth/signing-key.ts';
import { newDigest } from '../../../src/sandbox/aws/s3/checksums.ts';

/** The worked example of "Signature calculations: including trailing headers", S3 API reference. */
const example = {
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  seedSignature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: [
    [65_536, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'],
    [1_024, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'],
    [0, '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992'],
  ],
  trailer: 'x-amz-checksum-crc32c:sOO8/Q==',
  trailerSignature: 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
} as const;
const claim: SignatureClaim = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  day: '20130524',
  region: 'us-east-1',
  service: 's3',
  signedHeaders: [],
  signature: example.seedSignature,
  timestamp: '20130524T000000Z',
  sessionToken: undefined,
  expiresSeconds: undefined,
};

function body(trailer: string = example.trailer): Buffer {
  const framed = example.chunks.map(
    ([size, signature]) =>
      `${size.toString(16)};chunk-signature=${signature}\r\n${'a'.repeat(size)}${size > 0 ? '\r\n' : ''}`,
  );
  return Buffer.from(`${framed.join('')}${trailer}\r\nx-amz-trailer-signature:${example.trailerSignature}\r\n\r\n`);
}

/** Decodes it as it comes over a socket, in pieces of any size. */
async function decode(bytes: Buffer, pieceBytes: number) {
  async function* source() {
    for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes);
  }
  const signer: ChunkSigner = {
    key: signingKey(example.secretAccessKey, claim),
    timestamp: claim.timestamp,
    scope: scopeOf(claim),
    seedSignature: example.seedSignature,
  };
  const trailers = new Map<string, string>();
  const digest = newDigest('CRC32C');
  const hash = createHash('sha256');
  for await (const piece of decodeAwsChunked({
    source: source(),
    signer,
    trailerNames: ['x-amz-checksum-crc32c'],
    trailers,
  })) {
    digest.update(piece);
    hash.update(piece);
  }
  return { trailers, crc32c: digest.digest().toString('base64'), sha256: hash.digest('hex') };
}

test('chunks and trailer signed as in AWS’s own example are taken, however they are cut, and the checksum fits', async () => {
  for (const pieceBytes of [100_000, 4_096, 7]) {
    const { trailers, crc32c, sha256 } = await decode(body(), pieceBytes);
    assert.equal(trailers.get('x-amz-checksum-crc32c'), 'sOO8/Q==');
    assert.equal(crc32c, 'sOO8/Q==');
    assert.equal(sha256, createHash('sha256').update('a'.repeat(66_560)).digest('hex'));
  }
});

test('a trailer that is not the one that was signed is refused', async () => {
  await assert.rejects(decode(body('x-amz-checksum-crc32c:AAAAAA=='), 4_096), { code: 'SignatureDoesNotMatch' });
});
