import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putPolicy } from '../../../src/archive/policy/apply-policies.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

test('the flat layout stays the source that has objects in it: keys do not name their source', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'] });
  await scene.policies({ layout: 'flat' });
  await scene.policies({ layout: 'flat', source: 'books' });
  await scene.policies({ layout: 'flat' });
  assert.equal((await scene.run()).counts.failed, 0);
  const refusal = {
    code: 'POLICY_INVALID',
    message: /flat.*source books.*of source ledger are laid out so already.*"hive"/,
  };
  await assert.rejects(scene.policies({ layout: 'flat', source: 'books' }), refusal);
  const input = {
    name: 'b',
    source: 'books',
    tables: ['x'],
    timeColumn: 'at',
    classification: 'audit',
    layout: 'flat',
  };
  await scene.policies();
  await assert.rejects(putPolicy(scene.context, { input, sources: ['books'], actor: 'test' }), refusal);
  scene.addSource('books', scene.sourceUrl);
  await scene.policies({ layout: 'hive', source: 'books' });
  assert.equal((await scene.run({}, 'books')).counts.verified, 1);
});
