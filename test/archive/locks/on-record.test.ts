import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listManifests, markManifestStored } from '../../../src/registry/archive/manifest.ts';
import { recordLock } from '../../../src/registry/archive/retention.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { unitsOf } from '../../support/archive-truth.ts';
import { manifestLocks, partLocks } from './lock-scene.ts';

test('a lock is recorded of the version that it was put on, never as shorter or weaker; a manifest that two stored is stored once', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'] });
  await scene.policies({ retentionYears: 8 });
  await scene.run();
  const { registry } = scene.context;
  const locks = async () => [...(await partLocks(scene)), ...(await manifestLocks(scene))];
  const before = await locks();
  const [part] = (await unitsOf(scene)).flatMap(({ parts }) => parts);
  const [manifest] = await listManifests(registry, { source: 'ledger' });
  assert.ok(part?.versionId && manifest?.versionId);
  for (const [kind, { id, versionId }] of [
    ['part', part],
    ['manifest', manifest],
  ] as const) {
    const later = new Date('2050-01-01T00:00:00Z');
    const other = await recordLock(
      registry,
      { kind, id, versionId: 'another' },
      { mode: 'COMPLIANCE', retainUntil: later },
    );
    assert.equal(other, false, kind);
    const sooner = new Date('2030-01-01T00:00:00Z');
    assert.ok(
      await recordLock(registry, { kind, id, versionId: versionId ?? '' }, { mode: 'GOVERNANCE', retainUntil: sooner }),
    );
    for (const change of ["retain_until = retain_until - interval '1 day'", "lock_mode = 'GOVERNANCE'"]) {
      await assert.rejects(
        scene.registryQuery(`update registry.archive_${kind} set ${change} where id = $1`, [id]),
        /its lock does not get shorter or weaker/,
      );
    }
  }
  assert.deepEqual(await locks(), before);

  await markManifestStored(registry, manifest.id, manifest.versionId);
  await assert.rejects(markManifestStored(registry, manifest.id, 'another'), { code: 'ILLEGAL_STATE' });
});
