import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAllSources } from '../../../src/archive/run/run-all.ts';
import { copiedDatabases } from '../../support/archive-databases.ts';
import { openArchiveScene } from '../../support/archive-scene.ts';

/** A hundred take minutes where others work as well. BILLVAULT_TEST_SOURCES=100 does it. */
const databases = Number(process.env['BILLVAULT_TEST_SOURCES'] ?? 20);
const tablesOfEach = 10;
/** So many of them have a month that is due, the others are looked at; BILLVAULT_TEST_DUE=10 makes it all. */
const dueOfEach = Number(process.env['BILLVAULT_TEST_DUE'] ?? 1);
/** PostgreSQL's default is 100; four sources at a time, each with a few tables, stay far below. */
const maxConnections = 60;

test(`${databases} source databases of ten tables each: what is due of them is archived and proved in one go, over few connections`, async () => {
  await using scene = await openArchiveScene({ parallel: 2 });
  await using copies = await copiedDatabases(scene.sourceUrl, async (query) => {
    for (let i = 0; i < tablesOfEach; i++) {
      await query(`create table t${i} (id int primary key, created_at timestamptz not null)`);
      await query(`create index on t${i} (created_at)`);
      await query(
        `insert into t${i} select n, '${i < dueOfEach ? '2026-05' : '2026-10'}-10 00:00+00' from generate_series(1, 3) n`,
      );
    }
  });
  const names = Array.from({ length: databases }, (_, i) => `db-${String(i).padStart(3, '0')}`);
  for (const name of names) scene.addSource(name, await copies.copy());
  await scene.policies(...names.map((name) => ({ name, source: name, tables: ['public.t*'] })));
  let most = 0;
  const watch = setInterval(() => {
    void scene
      .query<{ count: number }>(
        "select count(*)::int as count from pg_stat_activity where application_name like 'billvault archive%'",
      )
      .then(([found]) => {
        most = Math.max(most, found?.count ?? 0);
      });
  }, 100);
  const { signal } = new AbortController();
  const runs = await runAllSources(scene.context, { filter: {}, trigger: 'manual', actor: 'test', signal });
  clearInterval(watch);
  const failed = runs.flatMap((run) =>
    'failure' in run ? [run.failure.message] : run.summary.outcomes.flatMap(({ failure }) => failure?.text ?? []),
  );
  assert.deepEqual(failed, []);
  const [verified] = await scene.registryQuery<{ units: number; parts: number }>(
    `select count(*)::int as units, (select count(*)::int from registry.archive_part where state = 'VERIFIED') as parts
       from registry.archive_unit where state = 'VERIFIED'`,
  );
  assert.deepEqual(verified, { units: databases * dueOfEach, parts: databases * dueOfEach });
  assert.ok(most <= maxConnections, `${most} connections to source databases at once`);
});
