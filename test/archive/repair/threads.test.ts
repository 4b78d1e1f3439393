import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runArchiveChild } from '../../support/archive-run-child.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { flip, planOf, remedies, unitOf } from './repair-scene.ts';

test('a repair lets go of the parts that it read beside the faulty one: its process ends', async () => {
  await using scene = await openArchiveScene({ settings: { rangeRows: 10 } });
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 60 });
  await scene.policies({ partRows: 30 });
  await scene.run();
  // The third part has rows in every range: of the first part's repair its end is no business.
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 20 });
  await scene.run();
  const unit = await unitOf(scene);
  assert.equal(unit.parts.length, 3);
  const [first] = unit.parts;
  assert.ok(first);
  await flip(scene, first);
  assert.deepEqual(remedies(await planOf(scene, unit)), ['archive-anew', 'none', 'none']);
  const work = { source: 'ledger', sourceUrl: scene.sourceUrl, task: 'repair', unitId: unit.id } as const;
  const { code, signal, stderr } = await runArchiveChild(scene, work);
  assert.deepEqual([code, signal], [0, null], stderr);
});
