import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

test('a policy of which nothing can be done fails the run by name, and stops no other', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 20 });
  await scene.query('create table credit_grant (id int primary key, created_at timestamptz not null)');
  await scene.query('create table credit_token (id int primary key, created_at timestamptz not null)');
  await scene.query('create table charges (id int primary key, created_at timestamptz not null)');
  await scene.policies(
    { name: 'ledgers', tables: ['public.ledger'] },
    { name: 'credits', tables: ['public.credit_*'] },
    { name: 'slip', tables: ['public.charges'], timeColumn: 'creatd_at' },
  );
  const { outcomes, counts } = await scene.run();
  assert.deepEqual(
    outcomes.map(({ entry, kind, failure }) => [entry.table, kind, failure?.code]),
    [
      ['charges', 'failed', 'POLICY_INVALID'],
      ['credit_grant', 'failed', 'POLICY_INVALID'],
      ['credit_token', 'failed', 'TABLE_DENIED'],
      ['ledger', 'verified', undefined],
    ],
  );
  assert.match(outcomes[0]?.failure?.text ?? '', /no column "creatd_at": set timeColumn/);
  assert.match(outcomes[1]?.failure?.text ?? '', /credit_token .* denied by .*: name the tables more narrowly/);
  assert.deepEqual([counts.planned, counts.failed, counts.verified], [4, 3, 1]);
});

test('a unit that failed fails every run until it is tried again', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 20 });
  await scene.policies({ tables: ['public.ledger'] });
  await scene.run();
  await scene.context.registry.$executeRaw`
    update registry.archive_unit
       set state = 'FAILED', attempts = 1, failed_at = ${scene.context.now()}, error_code = 'PROOF_FAILED', error_text = 'of the test'`;
  const { outcomes, counts } = await scene.run();
  assert.deepEqual([outcomes.length, counts.failed, outcomes[0]?.failure?.code], [1, 1, 'PROOF_FAILED']);
  assert.match(outcomes[0]?.failure?.text ?? '', /failed 1 time: .*of the test; not tried again before .*--retry-now/);
});
