import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createThrottle, unlimited } from '../../../src/archive/export/throttle.ts';
import { findPolicy } from '../../../src/archive/policy/apply-policies.ts';
import { purgeUnit } from '../../../src/archive/purge/purge-unit.ts';
import { restoreLines } from '../../../src/archive/restore/restore-lines.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { restore, said } from './restore-scene.ts';

test('what was archived and purged comes back byte for byte, stays for a while, and is purged again by its proof without being archived twice', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05', '2026-06', '2026-10'], rowsPerMonth: 2_500 });
  const before = await scene.copyText('ledger', 'id');
  await scene.policies({ purge: true });
  await scene.run();

  const back = await restore(scene);
  assert.equal(said(back), 'done', restoreLines(back.plan).join('\n'));
  assert.equal(await scene.copyText('ledger', 'id'), before);

  await assert.rejects(restore(scene), /everything that is selected was restored there before \(restore 1\)/);
  assert.equal(await scene.copyText('ledger', 'id'), before);

  const kept = await scene.run();
  assert.deepEqual(kept.outcomes, [], 'restored rows are kept');
  assert.match(JSON.stringify(kept.plan.entries), /restored-until/);
  await assert.rejects(purgeNow(scene), /its rows are not purged before/);

  scene.setNow(new Date('2026-12-21T12:00:00Z'));
  const purged = await scene.run({ to: '2026-06' });
  assert.deepEqual(
    purged.outcomes.map(({ kind, parts, purgedRows }) => [kind, parts, purgedRows]),
    [
      ['purged', 1, 2_500],
      ['purged', 1, 2_500],
    ],
    JSON.stringify(purged.outcomes.map(({ failure }) => failure)),
  );
  assert.equal((await scene.query('select from ledger')).length, 2_500);

  const may = await restore(scene, { selection: { to: '2026-05' } });
  assert.equal(said(may), 'done');
  const both = await restore(scene);
  assert.equal(said(both), 'done');
  assert.match(
    restoreLines(both.plan).join('\n'),
    /part 1 of 2026-05 was restored there before \(restore 2\).*--again/,
  );
  assert.deepEqual(
    both.restore.parts.map(({ state }) => state),
    ['SKIPPED', 'RESTORED'],
  );
  assert.equal(await scene.copyText('ledger', 'id'), before);
});

/** As a run would that was planned before the restore. */
async function purgeNow(scene: Awaited<ReturnType<typeof openArchiveScene>>): Promise<unknown> {
  const { context } = scene;
  await scene.registryQuery("update registry.archive_unit set state = 'PLANNED' where id = 1");
  await scene.registryQuery("update registry.archive_unit set state = 'EXPORTED' where id = 1");
  await scene.registryQuery("update registry.archive_unit set state = 'VERIFIED' where id = 1");
  try {
    await using store = context.openStore('writer');
    const { pool } = await context.sources.open('ledger');
    return await purgeUnit(context, {
      unitId: 1,
      policy: await findPolicy(context.registry, 'ledgers'),
      pool,
      store,
      verifierStore: store,
      throttle: createThrottle(unlimited),
      provedParts: new Set(),
      actor: 'test',
      signal: new AbortController().signal,
    });
  } finally {
    await scene.registryQuery("update registry.archive_unit set state = 'PURGED' where id = 1");
  }
}
