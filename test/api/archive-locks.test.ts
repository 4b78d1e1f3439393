import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeLedger } from '../support/archive-scene.ts';
import { type ArchiveApiScene, openArchiveApi } from './archive-api.ts';

const root = '/v1/archive';
const policy = { source: 'ledger', tables: ['public.audit'], timeColumn: 'created_at', classification: 'audit' };

let api: ArchiveApiScene;
before(async () => {
  api = await openArchiveApi();
  await makeLedger(api.scene, { months: ['2026-05'], table: 'audit' });
  const made = await api.ask('PUT', `${root}/policies/audits`, { ...policy, lockMode: 'GOVERNANCE' });
  assert.deepEqual([made.status, made.body.data.stored], [200, null], made.text);
  assert.equal((await api.scene.run()).counts.verified, 1);
});
after(() => api[Symbol.asyncDispose]());

test('a policy that is changed answers what becomes of the parts that are stored', async () => {
  const stronger = await api.ask('PUT', `${root}/policies/audits`, { ...policy, retentionYears: 10 });
  assert.deepEqual(stronger.body.data.stored, { policy: 'audits', longer: 1, stronger: 1, kept: 0 }, stronger.text);
  const difference = await api.ask('GET', `${root}/policy-difference`);
  assert.deepEqual(difference.body.data.stored, [{ policy: 'audits', longer: 1, stronger: 1, kept: 0 }]);
});

test('locks are looked at first, and made longer; GOVERNANCE is never bypassed over HTTP', async () => {
  const planned = await api.ask('GET', `${root}/locks?source=ledger`);
  assert.deepEqual([planned.status, planned.body.data], [200, [{ policy: 'audits', longer: 1, stronger: 1, kept: 0 }]]);
  for (const bypass of [{ bypassGovernance: true }, { bypassesGovernance: true }]) {
    const refused = await api.ask('POST', `${root}/locks/extend`, bypass);
    assert.deepEqual([refused.status, refused.body.error.code], [400, 'BAD_INPUT'], refused.text);
  }
  const done = await api.ask('POST', `${root}/locks/extend`, { source: 'ledger' });
  const counts = { units: 1, parts: 1, manifests: 1, furtherManifests: 1, weak: 2, failed: 0, failures: [] };
  assert.deepEqual([done.status, done.body.data], [200, counts], done.text);
  const [locks] = await api.scene.registryQuery<{ lock_mode: string; until: string }>(
    `select lock_mode, to_char(retain_until at time zone 'UTC', 'YYYY-MM-DD') as until from registry.archive_part`,
  );
  assert.deepEqual(locks, { lock_mode: 'GOVERNANCE', until: '2036-06-01' });
  const audit = await api.ask('GET', '/v1/audit?subject=source/ledger');
  assert.deepEqual(
    audit.body.data.map(({ actor, action }: Record<string, string>) => `${actor} ${action}`),
    ['api locks.extended'],
  );
});

test('a source that is not known is refused by name', async () => {
  for (const answer of [
    await api.ask('GET', `${root}/locks?source=lodger`),
    await api.ask('POST', `${root}/locks/extend`, { source: 'lodger' }),
  ]) {
    assert.equal(answer.status, 404, answer.text);
    assert.match(answer.text, /lodger/);
  }
  assert.equal((await api.ask('GET', `${root}/locks?until=2040`)).status, 400);
});
