import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { canonicalJson } from '../../../src/archive/manifest/canonical-json.ts';
import { maxManifestBytes } from '../../../src/archive/manifest/json-bounds.ts';
import { generateSigningKey, openKeySigner } from '../../../src/archive/manifest/key-signer.ts';
import { manifestBytes } from '../../../src/archive/manifest/manifest-bytes.ts';
import { publicKeys } from '../../../src/archive/manifest/public-keys.ts';
import { readManifest } from '../../../src/archive/manifest/read-manifest.ts';
import { verifySignature } from '../../../src/archive/manifest/signature.ts';
import { isAppError } from '../../../src/errors.ts';
import { madeContent, madeFile, sha256 } from './made-manifest.ts';

const key = generateSigningKey();
const signer = openKeySigner(key.privateKeyPem);
const trusted = publicKeys([key.publicKeyPem]);

type Json = Record<string, unknown>;

function bytesOf(value: unknown): Buffer {
  return Buffer.from(`${canonicalJson(value)}\n`);
}

function readAndVerify(bytes: Uint8Array): void {
  verifySignature(readManifest(bytes).manifest, trusted);
}

function isRefusal(error: unknown): boolean {
  return isAppError(error, 'MANIFEST_INVALID', 'SIGNATURE_INVALID');
}

/** Every place in a value: each leaf changed, each member left out, each object with one member more. */
function* changesOf(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    yield [...value, null];
    for (const [i, item] of value.entries()) {
      yield value.toSpliced(i, 1);
      for (const changed of changesOf(item)) yield value.with(i, changed);
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, unknown_member: 1 };
    for (const [name, member] of Object.entries(value)) {
      yield { ...value, [name]: undefined };
      for (const changed of changesOf(member)) yield { ...value, [name]: changed };
    }
  } else if (typeof value === 'string') {
    yield `${value}x`;
    yield value.replace(/.$/su, (last) => (last === '0' ? '1' : '0'));
  } else if (typeof value === 'number') yield value + 1;
  else if (typeof value === 'boolean') yield !value;
  else yield 'x';
}

suite('a manifest', () => {
  test('is read as it was written, and is signed', async () => {
    const written = await manifestBytes(madeContent, signer);
    const read = readManifest(written.bytes);
    assert.equal(read.sha256, written.sha256);
    assert.equal(read.sha256, sha256(written.bytes));
    assert.deepEqual(read.manifest, written.manifest);
    verifySignature(read.manifest, trusted);
  });

  test('the same content gives the same bytes', async () => {
    const first = await manifestBytes(madeContent, signer);
    const second = await manifestBytes({ ...madeContent }, signer);
    assert.deepEqual(first.bytes, second.bytes);
  });

  test('whatever member is changed, left out or added, it is found', async () => {
    const { manifest } = await manifestBytes(madeContent, signer);
    let changes = 0;
    for (const changed of changesOf(manifest)) {
      assert.throws(() => readAndVerify(bytesOf(changed)), isRefusal, canonicalJson(changed));
      changes++;
    }
    assert.ok(changes > 150, `${changes} changes were tried`);
  });

  test('any byte flipped, cut off or added is found', async () => {
    const { bytes } = await manifestBytes(madeContent, signer);
    for (let i = 0; i < bytes.length; i++) {
      const flipped = Buffer.from(bytes);
      flipped[i] = (flipped[i] ?? 0) ^ 1;
      assert.throws(() => readAndVerify(flipped), isRefusal, `byte ${i}`);
    }
    for (const changed of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from('\n')]), Buffer.alloc(0)]) {
      assert.throws(() => readAndVerify(changed), isRefusal);
    }
  });

  test('a second spelling of the same signature is refused', async () => {
    const { manifest } = await manifestBytes(madeContent, signer);
    const { value } = manifest.signature;
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = letters[letters.indexOf(value.at(-3) ?? '') + 1];
    const spelling = `${value.slice(0, -3)}${last}==`;
    assert.deepEqual(Buffer.from(spelling, 'base64'), Buffer.from(value, 'base64'));
    const respelled = { ...manifest, signature: { ...manifest.signature, value: spelling } };
    assert.throws(() => verifySignature(respelled, trusted), /was changed/);
  });

  test('a second spelling of the same document is refused', async () => {
    const { bytes, manifest } = await manifestBytes(madeContent, signer);
    const text = bytes.toString();
    const spellings = [
      JSON.stringify(manifest, null, 2),
      text.replace('"sequence":1,', '"sequence":1e0,'),
      text.replace('"sequence":1,', '"sequence":9,"sequence":1,'),
      text.replace('"shop"', '"\\u0073hop"'),
      `\ufeff${text}`,
    ];
    for (const spelling of spellings) {
      assert.notEqual(spelling, text);
      assert.throws(() => readManifest(Buffer.from(spelling)), isRefusal, spelling.slice(0, 40));
    }
  });

  test('signed by another key, even one that it brings along, it is refused', async () => {
    const other = openKeySigner(generateSigningKey().privateKeyPem);
    const { manifest } = await manifestBytes(madeContent, other);
    assert.throws(() => verifySignature(manifest, trusted), /unknown key/);
    const named = { ...manifest, signature: { ...manifest.signature, key_id: key.keyId } };
    assert.throws(() => verifySignature(named, trusted), /was changed/);
  });

  test("a newer version's members are kept under the signature; another major version is refused", async () => {
    const { manifest } = await manifestBytes(
      { ...madeContent, later_member: { deep: [1] } } as typeof madeContent,
      signer,
    );
    const newer: Json = { ...readManifest(bytesOf(manifest)).manifest };
    assert.deepEqual(newer['later_member'], { deep: [1] });
    readAndVerify(bytesOf(newer));
    assert.throws(() => readAndVerify(bytesOf({ ...newer, later_member: { deep: [2] } })), isRefusal);
    readManifest(bytesOf({ ...newer, archive_version: '1.7' }));
    assert.throws(() => readManifest(bytesOf({ ...newer, archive_version: '2' })), /newer one/);
  });

  test('of hostile size or nesting it is refused before it is parsed', () => {
    assert.throws(() => readManifest(Buffer.alloc(maxManifestBytes + 1, '[')), /bytes, more than/);
    assert.throws(() => readManifest(Buffer.alloc(1_000_000, '[')), /nests deeper/);
    assert.throws(() => readManifest(Buffer.alloc(1_000_000, '{"a":')), /nests deeper/);
    assert.throws(() => readManifest(Buffer.alloc(16_000_000, '{},')), /more than \d+ values/);
  });

  test('that contradicts itself is not signed', async () => {
    const { unit } = madeFile;
    const contradictory = [
      { ...madeFile, records: 4 },
      { ...madeFile, definition_sha256: sha256('other') },
      { ...madeFile, unit: { ...unit, parts: 2 } },
      { ...madeFile, unit: { ...unit, rows: 4 } },
      { ...madeFile, unit: { ...unit, digest: sha256('other') } },
      { ...madeFile, ranges: madeFile.ranges.toReversed() },
      { ...madeFile, null_counts: [] },
    ].map((file) => ({ ...madeContent, files: [file] }));
    const [deletion] = madeContent.deletions;
    assert.ok(deletion);
    const others = [
      { ...madeContent, sequence: 2 },
      { ...madeContent, files: [madeFile, madeFile] },
      { ...madeContent, definitions: { ...madeContent.definitions, [sha256('x')]: {} } },
      { ...madeContent, deletions: [{ ...deletion, rows: 6 }] },
      { ...madeContent, deletions: [{ ...deletion, digest: sha256('other') }] },
      { ...madeContent, created_at: '2026-02-02' },
      { ...madeContent, retention_years: 1.5 },
    ];
    for (const content of [...contradictory, ...others]) {
      await assert.rejects(manifestBytes(content, signer), (error) => isAppError(error, 'MANIFEST_INVALID'));
    }
  });
});
