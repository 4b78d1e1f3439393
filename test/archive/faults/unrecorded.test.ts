import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listManifests } from '../../../src/registry/archive/manifest.ts';
import { runUntil } from '../../support/archive-at-step.ts';
import { runArchiveChild } from '../../support/archive-run-child.ts';
import { archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { assertOnRecord } from '../../support/archive-truth.ts';
import { validate } from '../validate/archived-scene.ts';

test('what a run proved and was killed before it was in a manifest is in one after the next run, though nothing is left to do in its month', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'] });
  await scene.policies({});
  const { registry } = scene.context;
  const work = { source: 'ledger', sourceUrl: scene.sourceUrl, task: 'run' } as const;
  assert.equal((await runArchiveChild(scene, { ...work, killAt: 'unit.verified' })).signal, 'SIGKILL');
  assert.equal((await listManifests(registry, {})).length, 0);
  const { counts } = await scene.run();
  assert.deepEqual([counts.planned, counts.failed], [0, 0]);
  assert.equal((await listManifests(registry, {})).length, 1);
  await assertOnRecord(scene);
  await scene.run();
  assert.equal((await listManifests(registry, {})).length, 1);
  scene.setNow(new Date(Date.now() + 2 * 86_400_000));
  assert.deepEqual((await validate(scene, 'full')).findings, []);
});

test('what lies where a manifest is to go is not written over; with a delete marker over it the archive goes on', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'] });
  await scene.policies({ purge: true });
  await runUntil(scene, 'manifest.prepared');
  const [prepared] = await listManifests(scene.context.registry, {});
  assert.equal(prepared?.state, 'PREPARED');
  const object = { bucket: archiveBucket, key: prepared.key };
  await scene.aws.admin.putObject({ ...object, body: Buffer.from('junk') });
  await assert.rejects(scene.run(), {
    code: 'OBJECT_EXISTS',
    message: /4 bytes.*manifest 1 of ledger goes there.*a delete marker over it/,
  });
  assert.equal((await scene.query('select from ledger')).length, 50);
  await scene.aws.admin.deleteObject(object);
  assert.equal((await scene.run()).counts.purgedRows, 50);
});
