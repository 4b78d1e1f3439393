import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumAlgorithms, newDigest } from '../../../src/sandbox/aws/s3/checksums.ts';

/** Check values of the catalogue of parametrised CRC algorithms, and of RFC 3174 and FIPS 180. */
const ofDigits = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
} as const;

test('every checksum gives its published value, however the bytes are cut', () => {
  for (const algorithm of checksumAlgorithms) {
    for (let cut = 0; cut <= 9; cut += 1) {
      const digest = newDigest(algorithm);
      digest.update(Buffer.from('123456789'.slice(0, cut)));
      digest.update(Buffer.from('123456789'.slice(cut)));
      assert.equal(digest.digest().toString('hex'), ofDigits[algorithm], `${algorithm} cut at ${cut}`);
    }
  }
});
