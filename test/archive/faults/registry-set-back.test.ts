import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../../src/errors.ts';
import { runUntil } from '../../support/archive-at-step.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { archivedLines, assertAddsUp, tableLines, unitsOf } from '../../support/archive-truth.ts';

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

test('a registry that does not know a manifest of the bucket archives and purges nothing of that source, and says which', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months, rowsPerMonth: 1_500 });
  await scene.policies({ purge: false });
  await scene.run();
  const setBack = await backUpRegistry(scene);
  await makeLedger(scene, { months: ['2026-06'], rowsPerMonth: 10 });
  await scene.policies({ purge: true });
  await scene.run();
  await setBack();
  await makeLedger(scene, { months: ['2026-06'], rowsPerMonth: 5 });
  await scene.policies({ purge: true });
  await assert.rejects(scene.run(), (error) => {
    assert.ok(isAppError(error, 'CHAIN_BROKEN'));
    assert.match(error.message, /_manifests\/ledger\/2026\/06\/manifest-000003\.json/);
    return true;
  });
  assert.equal((await tableLines(scene)).size, 5);
  assert.equal((await archivedLines(scene)).size, 3_000);
});

/** @returns what sets the registry back to this moment */
async function backUpRegistry({ registryQuery }: ArchiveScene): Promise<() => Promise<void>> {
  const tables = await registryQuery<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'registry' and table_type = 'BASE TABLE'`,
  );
  const each = (statement: (name: string) => string) => tables.map(({ name }) => statement(name)).join(';');
  await registryQuery(
    `create schema backup; ${each((name) => `create table backup.${name} as table registry.${name}`)}`,
  );
  return async () => {
    await registryQuery(`begin; set local session_replication_role = replica;
      ${each((name) => `delete from registry.${name}`)};
      ${each((name) => `insert into registry.${name} overriding system value table backup.${name}`)}; commit`);
  };
}
