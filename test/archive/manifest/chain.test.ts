import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ChainFinding, chainLink, checkChain } from '../../../src/archive/manifest/chain.ts';
import { generateSigningKey, openKeySigner } from '../../../src/archive/manifest/key-signer.ts';
import { type ManifestBytes, manifestBytes } from '../../../src/archive/manifest/manifest-bytes.ts';
import { publicKeys } from '../../../src/archive/manifest/public-keys.ts';
import { readManifest } from '../../../src/archive/manifest/read-manifest.ts';
import { madeChain, madeContent } from './made-manifest.ts';

const key = generateSigningKey();
const signer = openKeySigner(key.privateKeyPem);
const newKey = generateSigningKey();
const newSigner = openKeySigner(newKey.privateKeyPem);

const chain = await madeChain(5, () => signer);
const head = chain.at(-1)?.sha256;

function check(
  manifests: readonly (ManifestBytes | undefined)[],
  options: { head?: string | undefined; keys?: readonly string[] } = {},
): readonly ChainFinding[] {
  const keys = publicKeys(options.keys ?? [key.publicKeyPem]);
  const links = manifests.filter((one) => one !== undefined).map(({ bytes }) => chainLink(readManifest(bytes), keys));
  return checkChain(links, { head: options.head });
}

function codes(findings: readonly ChainFinding[]): readonly string[] {
  return findings.map(({ code, sequence }) => `${code} ${sequence}`);
}

suite("a source's chain", () => {
  test('is whole in any order, with its head', () => {
    assert.deepEqual(check(chain.toReversed(), { head }), []);
  });

  test('a manifest taken out is found, the first one too', () => {
    assert.deepEqual(codes(check(chain.toSpliced(2, 1), { head })), ['CHAIN_BROKEN 4']);
    assert.match(check(chain.toSpliced(2, 1))[0]?.text ?? '', /manifest 3 is missing/);
    assert.deepEqual(codes(check(chain.slice(1))), ['CHAIN_BROKEN 2']);
    assert.match(check(chain.slice(3))[0]?.text ?? '', /manifest 1 to 3 is missing/);
  });

  test('its end cut off is found by the head', () => {
    assert.deepEqual(check(chain.slice(0, -1)), []);
    assert.deepEqual(codes(check(chain.slice(0, -1), { head })), ['CHAIN_BROKEN 4']);
    assert.deepEqual(check(chain, { head: chain[2]?.sha256 }), [], 'it may have grown since the head was noted');
  });

  test('a manifest signed again with other content breaks the chain after it', async () => {
    const [, second] = chain;
    assert.ok(second);
    const { previous } = second.manifest;
    const rewritten = await manifestBytes(
      { ...madeContent, sequence: 2, period: '2026-02', previous, source: 'shop', compliance: [] },
      signer,
    );
    assert.deepEqual(codes(check(chain.with(1, rewritten))), ['CHAIN_BROKEN 3']);
    assert.deepEqual(codes(check([...chain, rewritten])), ['CHAIN_BROKEN 2', 'CHAIN_BROKEN 3']);
  });

  test('written anew from end to end with another key it is found at every manifest', async () => {
    const forged = await madeChain(5, () => newSigner);
    assert.deepEqual(
      codes(check(forged)),
      [1, 2, 3, 4, 5].map((sequence) => `SIGNATURE_INVALID ${sequence}`),
    );
    assert.deepEqual(codes(check(forged, { keys: [key.publicKeyPem, newKey.publicKeyPem], head })), ['CHAIN_BROKEN 5']);
  });

  test('keys may change along it', async () => {
    const rotated = await madeChain(4, (i) => (i < 2 ? signer : newSigner));
    assert.deepEqual(check(rotated, { keys: [`${key.publicKeyPem}${newKey.publicKeyPem}`] }), []);
    assert.deepEqual(codes(check(rotated)), ['SIGNATURE_INVALID 3', 'SIGNATURE_INVALID 4']);
  });

  test('the same manifest twice is no harm', () => {
    assert.deepEqual(check([...chain, chain[2]]), []);
  });
});
