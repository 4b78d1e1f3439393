import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restoreLines } from '../../../src/archive/restore/restore-lines.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { restore, said } from './restore-scene.ts';

test('what was archived and purged comes back byte for byte, and is skipped when it is asked for again', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05', '2026-06', '2026-10'], rowsPerMonth: 2_500 });
  const before = await scene.copyText('ledger', 'id');
  await scene.policies({ purge: true });
  await scene.run();
  const back = await restore(scene);
  assert.equal(said(back), 'done', restoreLines(back.plan).join('\n'));
  assert.equal(await scene.copyText('ledger', 'id'), before);
  const again = await restore(scene);
  assert.equal(said(again), 'done');
  assert.deepEqual(
    again.restore.parts.map(({ state }) => state),
    ['SKIPPED', 'SKIPPED'],
  );
  assert.equal(await scene.copyText('ledger', 'id'), before);
});
