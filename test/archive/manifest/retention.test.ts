import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '../../../src/archive/manifest/read-manifest.ts';
import { listManifests } from '../../../src/registry/archive/manifest.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

test('a manifest is kept at least as long as the one before it, and says until when that is kept', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { table: 'long', months: ['2026-04', '2026-06'] });
  await makeLedger(scene, { table: 'brief', months: ['2026-05', '2026-07'] });
  await scene.policies(
    { name: 'long', tables: ['public.long'] },
    { name: 'brief', tables: ['public.brief'], classification: 'operational', retentionYears: 1 },
  );
  const { counts } = await scene.run();
  assert.equal(counts.failed, 0);
  const manifests = await listManifests(scene.context.registry, { source: 'ledger' });
  const inOrder = manifests.toSorted((a, b) => a.sequence - b.sequence);
  assert.deepEqual(
    inOrder.map(({ month, retainUntil }) => [month, retainUntil.toISOString().slice(0, 10)]),
    [
      ['2026-04', '2036-05-01'],
      ['2026-05', '2036-05-01'],
      ['2026-06', '2036-07-01'],
      ['2026-07', '2036-07-01'],
    ],
  );
  await using store = scene.context.openStore('verifier');
  for (const [i, { key, versionId, body, retainUntil }] of inOrder.entries()) {
    assert.deepEqual((await store.lock(key, versionId ?? ''))?.retainUntil, retainUntil);
    const { previous } = readManifest(Buffer.from(body)).manifest;
    assert.equal(previous?.retain_until, inOrder[i - 1]?.retainUntil.toISOString());
  }
});
