import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { generateSigningKey } from '../../../src/archive/manifest/key-signer.ts';
import { type ArchiveScene, archiveBucket } from '../../support/archive-scene.ts';
import { codesByMonth, flip, openArchived, rewrite, tamper, validate } from './archived-scene.ts';

let scene: ArchiveScene;
before(async () => {
  scene = await openArchived('2026-01', '2026-06');
});
after(() => scene[Symbol.asyncDispose]());

async function manifestOf(month: string) {
  const [manifest] = await scene.registryQuery<{ id: string; key: string; versionId: string }>(
    `select id, key, version_id as "versionId" from registry.archive_manifest where to_char(period, 'YYYY-MM') = $1`,
    [month],
  );
  assert.ok(manifest);
  return manifest;
}

test('manifests of a key that is not trusted are none', async () => {
  const publicKeys = [generateSigningKey().publicKeyPem];
  const seen = await validate({ context: { ...scene.context, publicKeys } }, 'head');
  assert.deepEqual(
    seen.findings.map(({ code }) => code),
    Array.from({ length: 6 }, () => 'SIGNATURE_INVALID'),
  );
});

test('a manifest that is changed, gone, hidden or unlocked in the bucket is found', async () => {
  const { admin } = scene.aws;
  await rewrite(scene, await manifestOf('2026-01'), flip);
  const gone = await manifestOf('2026-02');
  await admin.deleteObject({ bucket: archiveBucket, key: gone.key, versionId: gone.versionId });
  await admin.deleteObject({ bucket: archiveBucket, key: (await manifestOf('2026-03')).key });
  const unlocked = await manifestOf('2026-04');
  await admin.damageObject({ bucket: archiveBucket, key: unlocked.key, versionId: unlocked.versionId, unlock: true });
  const bySight = { '2026-02': ['MANIFEST_MISSING'], '2026-03': ['HIDDEN'], '2026-04': ['LOCK_MISSING'] };
  const shallow = await validate(scene, 'head');
  assert.deepEqual(codesByMonth(shallow), bySight);
  assert.equal(shallow.counts.manifestsRead, 0);
  const sample = await validate(scene, 'sample');
  assert.deepEqual(codesByMonth(sample), { ...bySight, '2026-01': ['PROOF_FAILED'] });
  assert.deepEqual([sample.counts.manifests, sample.counts.manifestsRead], [6, 4]);
});

test('a registry that says other than its manifests is found: copies changed, parts changed, parts nobody signed for', async () => {
  await tamper(
    scene,
    `update registry.archive_manifest set body = replace(body, '"records":50', '"records":49') where period = '2026-05-01';
     update registry.archive_part set version_id = 'another' where key like '%month=06%';
     update registry.archive_part set sha256 = repeat('0', 64) where key like '%month=04%'`,
  );
  const codes = codesByMonth(await validate(scene, 'head', { from: '2026-04', to: '2026-06' }));
  // The manifest of this month has no lock any more: see above.
  assert.deepEqual(codes['2026-04'], ['LOCK_MISSING', 'METADATA_DIFFERS', 'NOT_IN_MANIFEST', 'NOT_IN_REGISTRY']);
  assert.deepEqual(codes['2026-05'], ['MANIFEST_INVALID']);
  assert.deepEqual(codes['2026-06'], [
    'CHAIN_BROKEN',
    'FILE_MISSING',
    'NOT_IN_MANIFEST',
    'NOT_IN_REGISTRY',
    'OVERWRITTEN',
  ]);
});

test('a gap in the chain and a month without a manifest are found', async () => {
  await tamper(scene, "delete from registry.archive_manifest where period = '2026-04-01'");
  const { findings } = await validate(scene, 'head');
  assert.ok(
    findings.some(({ code, text }) => code === 'CHAIN_BROKEN' && text.includes('manifest 4')),
    JSON.stringify(findings),
  );
  assert.ok(findings.some(({ code, subject }) => code === 'MANIFEST_MISSING' && subject === 'ledger 2026-04'));
  // Its object is now one that nobody knows, and what can be done about it is said.
  assert.ok(
    findings.some(
      ({ code, subject, text }) =>
        code === 'UNKNOWN_OBJECT' &&
        subject.endsWith('/2026/04/manifest-000004.json') &&
        text.includes('billvault archive recover'),
    ),
  );
});
