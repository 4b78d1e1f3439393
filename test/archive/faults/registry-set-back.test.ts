import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../../src/errors.ts';
import { runUntil } from '../../support/archive-at-step.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { archivedLines, assertAddsUp, tableLines, unitsOf } from '../../support/archive-truth.ts';
import { backUpRegistry } from '../../support/lost-registry.ts';

const months = ['2026-05', '2026-06'];

test('a registry set back to before a purge that no manifest tells of takes no purged row for one that others deleted', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months, rowsPerMonth: 1_500 });
  const written = await tableLines(scene);
  await scene.policies({ purge: false });
  await scene.run();
  const setBack = await backUpRegistry(scene);
  await scene.policies({ purge: true });
  // What was purged is in no manifest before the run is at its end.
  await runUntil(scene, 'unit.purged', { from: '2026-05', to: '2026-05' });
  assert.equal((await tableLines(scene)).size, 1_500);
  await setBack();
  await scene.policies({ purge: true });
  const { plan } = await scene.run();
  assert.deepEqual(
    plan.entries.filter(({ month }) => month !== null).map(({ month, action }) => [month, action]),
    [
      ['2026-05', 'none'],
      ['2026-06', 'purge'],
    ],
  );
  assert.deepEqual(
    (await unitsOf(scene)).map(({ state, departed }) => [state, departed.length]),
    [
      ['VERIFIED', 0],
      ['PURGED', 0],
    ],
  );
  await assertAddsUp(scene, written);
});

for (const [layout, manifest] of [
  ['hive', /_manifests\/ledger\/2026\/06\/manifest-000003\.json/],
  ['flat', /archive\/2026\/06\/manifest-000003\.json/],
] as const) {
  test(`a registry that does not know a manifest of the bucket archives and purges nothing of that source, and says which: layout ${layout}`, async () => {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months, rowsPerMonth: 1_500 });
    await scene.policies({ layout, purge: false });
    await scene.run();
    const setBack = await backUpRegistry(scene);
    await makeLedger(scene, { months: ['2026-06'], rowsPerMonth: 10 });
    await scene.policies({ layout, purge: true });
    await scene.run();
    await setBack();
    await makeLedger(scene, { months: ['2026-06'], rowsPerMonth: 5 });
    await scene.policies({ layout, purge: true });
    await assert.rejects(scene.run(), (error) => {
      assert.ok(isAppError(error, 'CHAIN_BROKEN'));
      assert.match(error.message, manifest);
      return true;
    });
    assert.equal((await tableLines(scene)).size, 5);
    assert.equal((await archivedLines(scene)).size, 3_000);
  });
}

test('a registry that has forgotten the layout of what came since notices it all the same, and not what is of others', async () => {
  await using scene = await openArchiveScene();
  const other = { name: 'others', source: 'books' };
  await scene.policies({ layout: 'hive', purge: true });
  const setBack = await backUpRegistry(scene);
  await makeLedger(scene, { months, rowsPerMonth: 50 });
  await scene.policies({ layout: 'flat', purge: true });
  await scene.run();
  await setBack();
  await makeLedger(scene, { months: ['2026-06'], rowsPerMonth: 5 });
  await scene.policies({ layout: 'hive', purge: true });
  await assert.rejects(
    scene.run(),
    (error) => isAppError(error, 'CHAIN_BROKEN') && /archive\/2026\/05\/manifest\.json/.test(error.message),
  );
  assert.equal((await tableLines(scene)).size, 5);
  scene.addSource(other.source, scene.sourceUrl);
  await scene.policies({ ...other, layout: 'hive', purge: true });
  assert.equal((await scene.run({}, other.source)).counts.purgedRows, 5);
});
