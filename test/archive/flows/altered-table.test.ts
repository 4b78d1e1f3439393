import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUnit } from '../../../src/registry/archive/find-unit.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

const months = ['2026-05'];

test('a column that was added since, and is empty, makes no row another one: only the late row is archived', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months, rowsPerMonth: 300 });
  await scene.policies({ purge: false });
  await scene.run();
  await scene.query('alter table ledger add column reviewed_by text');
  await scene.query(
    "insert into ledger (account, amount, created_at, reviewed_by) values ('late', 1, '2026-05-31 23:00Z', 'me')",
  );
  const { outcomes } = await scene.run();
  const unit = await findUnit(scene.context.registry, outcomes[0]?.unitId ?? 0);
  assert.deepEqual(
    unit.parts.map(({ rows }) => rows),
    [300, 1],
  );
  assert.deepEqual(unit.departed, []);
  await scene.policies({ purge: true });
  const purged = await scene.run();
  assert.deepEqual(
    purged.outcomes.map(({ kind, purgedRows, failure }) => [kind, purgedRows, failure?.text]),
    [['purged', 301, undefined]],
  );
  assert.deepEqual(await scene.query('select id from ledger'), []);
});

test('a column that was added since and is filled is archived before its rows are purged', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months, rowsPerMonth: 50 });
  await scene.policies({ purge: false });
  await scene.run();
  await scene.query("alter table ledger add column region text not null default 'eu'");
  await scene.policies({ purge: true });
  const { outcomes } = await scene.run();
  assert.deepEqual(
    outcomes.map(({ kind, purgedRows }) => [kind, purgedRows]),
    [['purged', 50]],
  );
  const unit = await findUnit(scene.context.registry, outcomes[0]?.unitId ?? 0);
  assert.deepEqual(
    unit.parts.map(({ rows }) => rows),
    [50, 50],
    'every row once more, with its new column',
  );
  assert.equal(unit.departed.length, 50);
});

test('more late rows than a part holds become several parts, and are purged by their proof', async () => {
  await using scene = await openArchiveScene({ settings: { rangeRows: 100 } });
  await makeLedger(scene, { months, rowsPerMonth: 150 });
  await scene.policies({ purge: true, partRows: 400 });
  await scene.run();
  await scene.query(
    `insert into ledger (account, amount, created_at)
     select 'late', i, timestamptz '2026-05-31 20:00Z' + i * interval '1 ms' from generate_series(1, 20000) i`,
  );
  const { outcomes } = await scene.run();
  assert.deepEqual(
    outcomes.map(({ kind, purgedRows, failure }) => [kind, purgedRows, failure?.text]),
    [['purged', 20_000, undefined]],
  );
  const unit = await findUnit(scene.context.registry, outcomes[0]?.unitId ?? 0);
  assert.ok(unit.parts.length > 3, `${unit.parts.length} parts`);
  assert.equal(unit.rows, 20_150);
});
