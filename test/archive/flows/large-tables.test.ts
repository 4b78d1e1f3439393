import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openArchiveScene } from '../../support/archive-scene.ts';

const tables = ['large_1', 'large_2', 'small'];
/** Some 70 MB that hardly cost anything: stored as they are by PostgreSQL, compressed to nothing in the bucket. */
const rows = 10_000;
const textBytes = 7_000;

test('large tables are worked on one after the other, whatever their number, and small ones do not wait for them', async () => {
  await using scene = await openArchiveScene({ parallel: 4 });
  for (const table of tables) {
    await scene.query(`create table ${table} (id int primary key, note text, created_at timestamptz not null)`);
    await scene.query(`alter table ${table} alter note set storage external`);
    await scene.query(`create index on ${table} (created_at)`);
    const size = table === 'small' ? 10 : textBytes;
    await scene.query(
      `insert into ${table} select i, repeat('x', ${size}), timestamptz '2026-05-01' + i * interval '1 s' from generate_series(1, ${rows}) i`,
    );
  }
  await scene.policies({ tables: ['public.*'], throttle: { rowsPerSecond: null, load: null } });
  const { counts, outcomes } = await scene.run();
  assert.equal(counts.verified, tables.length, JSON.stringify(outcomes));
  const units = await scene.registryQuery<{ table: string; begun: Date; verified: Date }>(
    `select t.table_name as "table", u.created_at as begun, u.verified_at as verified
       from registry.archive_unit u join registry.archive_table t on t.id = u.table_id order by u.created_at`,
  );
  const [first, second] = units.filter(({ table }) => table !== 'small');
  const small = units.find(({ table }) => table === 'small');
  assert.ok(first && second && small);
  assert.ok(first.verified <= second.begun, `${second.table} was begun before ${first.table} was proved`);
  assert.ok(small.begun < second.begun, 'the small one waited');
});
