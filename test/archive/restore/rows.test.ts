import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { restore, said } from './restore-scene.ts';

const months = ['2026-05'];

/** Archived first and purged by a later run, so that there is a time between. */
async function archive(scene: ArchiveScene, purge: boolean): Promise<void> {
  await scene.policies({ tables: ['public.*'], purge });
  const { outcomes } = await scene.run({ to: '2026-05', retryNow: true });
  for (const { kind, failure } of outcomes) assert.ok(kind === 'verified' || kind === 'purged', failure?.text);
}

test('late rows come back, a changed row as it was last, a deleted row not; whatever round of the archive each is of', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months, rowsPerMonth: 60 });
  await scene.query(`create table loose (note text, created_at timestamptz not null);
    insert into loose select 'n' || i % 4, '2026-05-02'::timestamptz + (i / 10) * interval '1 day' from generate_series(1, 80) i`);
  await archive(scene, false);
  await scene.query(`update ledger set note = 'v2' where id % 10 = 0;
    delete from ledger where id % 10 = 1;
    insert into ledger (account, amount, created_at) select 'late', 1.5, '2026-05-09' from generate_series(1, 5);
    update loose set note = 'changed' where ctid in (select ctid from loose where note = 'n1' limit 3);
    delete from loose where ctid in (select ctid from loose where note = 'n2' limit 2);
    insert into loose values ('n3', '2026-05-02'), ('n3', '2026-05-02')`);
  const before = [await scene.copyText('ledger', 'id'), await scene.copyText('loose', '(t.*)::text')];
  await archive(scene, true);
  assert.deepEqual(await scene.query('select from ledger union all select from loose'), []);

  const back = await restore(scene);
  assert.equal(said(back), 'done');
  assert.deepEqual([await scene.copyText('ledger', 'id'), await scene.copyText('loose', '(t.*)::text')], before);

  const again = await restore(scene, { again: true, selection: { tables: ['loose'] } });
  assert.match(said(again), /^RESTORE_CONFLICT .*no primary key/, 'rows without a key are not doubled');

  // After a restore: changed, added to, deleted from; purged again, and back once more.
  await scene.query(`update ledger set note = 'v3' where id % 10 = 2; delete from ledger where id % 10 = 3;
    update loose set note = 'again' where ctid in (select ctid from loose where note = 'n1' limit 2);
    delete from loose where ctid in (select ctid from loose where note = 'n0' limit 1);
    update ledger set note = 'v2' where id % 10 = 4; insert into ledger (account, amount, created_at) values ('later', 2, '2026-05-10');
    insert into loose values ('n3', '2026-05-02')`);
  scene.setNow(new Date('2027-01-20T00:00:00Z'));
  const changed = [await scene.copyText('ledger', 'id'), await scene.copyText('loose', '(t.*)::text')];
  await archive(scene, true);
  assert.deepEqual(await scene.query('select from ledger union all select from loose'), []);
  const third = await restore(scene);
  assert.equal(said(third), 'done');
  assert.deepEqual([await scene.copyText('ledger', 'id'), await scene.copyText('loose', '(t.*)::text')], changed);

  const all = await restore(scene, { withDeparted: true, target: { kind: 'schema', schema: 'everything' } });
  assert.equal(said(all), 'done');
  const [counted] = await scene.query<{ there: number; left: number }>(
    'select (select count(*) from everything.loose)::int as there, (select count(*) from loose)::int as left',
  );
  assert.deepEqual([counted?.left, counted?.there], [80, 88], 'asked for, what was changed or deleted comes too');
});

test('a row that was changed and changed back is archived, and comes back, as it is now', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months, rowsPerMonth: 20 });
  await archive(scene, false);
  const before = await scene.copyText('ledger', 'id');
  await scene.query(`insert into ledger (account, amount, created_at) values ('late', 1, '2026-05-09');
    update ledger set note = 'other' where id = 7`);
  await archive(scene, false);
  await scene.query(`insert into ledger (account, amount, created_at) values ('late', 2, '2026-05-09');
    update ledger set note = (select note from (values (7, 'note 6' || E'\\twith a tab')) v(i, note)) where id = 7`);
  const now = await scene.copyText('ledger', 'id');
  assert.ok(now.startsWith(before.slice(0, before.indexOf('\n(8,') + 1)), 'as it was');
  await archive(scene, true);
  const back = await restore(scene);
  assert.equal(said(back), 'done');
  assert.equal(await scene.copyText('ledger', 'id'), now);
});
