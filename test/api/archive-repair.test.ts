import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { flip } from '../archive/repair/repair-scene.ts';
import { makeLedger } from '../support/archive-scene.ts';
import { unitsOf } from '../support/archive-truth.ts';
import { type ArchiveApiScene, openArchiveApi } from './archive-api.ts';

let api: ArchiveApiScene;
before(async () => {
  api = await openArchiveApi();
  await makeLedger(api.scene, { months: ['2026-05', '2026-06'], rowsPerMonth: 20 });
  await api.scene.policies({ lockMode: 'GOVERNANCE' });
  await api.scene.run();
});
after(() => api[Symbol.asyncDispose]());

test('a repair is looked at first, then asked for, and what came of it is in the unit', async () => {
  const [unit, other] = await unitsOf(api.scene);
  assert.ok(unit !== undefined && other !== undefined);
  for (const part of unit.parts) await flip(api.scene, part);
  const path = `/v1/archive/units/${unit.id}`;
  const planned = await api.ask('GET', `${path}/repair`);
  assert.equal(planned.status, 200, planned.text);
  const { entries, state } = planned.body.data;
  assert.deepEqual(
    [state, entries.length, entries[0].fault.code, entries[0].remedy],
    ['VERIFIED', 1, 'PROOF_FAILED', { kind: 'archive-anew', rows: 20 }],
  );
  assert.equal((await api.ask('GET', path)).body.data.state, 'VERIFIED', 'a plan changes nothing');
  const asked = await api.ask('POST', `${path}/repair`, {});
  assert.deepEqual([asked.status, asked.body.data.entries.length], [202, 1], asked.text);
  const { body } = await api.until(path, (answer) => {
    const { replacements, state: now } = answer.body.data;
    return replacements.length > 0 && now === 'VERIFIED';
  });
  const [replacement] = body.data.replacements;
  assert.deepEqual([replacement.code, replacement.actor, replacement.isSame], ['PROOF_FAILED', 'api', true]);
  assert.deepEqual(
    body.data.parts.map(({ state: one }: { state: string }) => one),
    ['REPLACED', 'VERIFIED'],
  );
  const sound = await api.ask('GET', `/v1/archive/units/${other.id}/repair`);
  assert.deepEqual(sound.body.data.entries[0].remedy, { kind: 'none' });
});

test('what cannot be asked for is refused before anything is begun', async () => {
  for (const [method, path, body, status] of [
    ['GET', 'units/999/repair', undefined, 404],
    ['POST', 'units/999/repair', {}, 404],
    ['POST', 'units/x/repair', {}, 400],
    ['POST', 'units/1/repair', { purge: true }, 400],
  ] as const) {
    const answer = await api.ask(method, `/v1/archive/${path}`, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
  }
});
