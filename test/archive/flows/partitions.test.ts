import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { monthEnd, monthStart } from '../../../src/archive/month.ts';
import { dropUndoTables } from '../../../src/archive/purge/drop-undo-tables.ts';
import { atStep } from '../../support/archive-at-step.ts';
import { type ArchiveScene, openArchiveScene } from '../../support/archive-scene.ts';
import { assertAddsUp, tableLines, unitsOf } from '../../support/archive-truth.ts';

const table = 'public.ledger';
const rowsPerMonth = 30;

test("a month's own partition goes as a whole: with sub-partitions, beside a default partition, by the proof of its rows", async () => {
  await using scene = await openParted({ months: ['2026-05', '2026-06', '2026-10'] });
  await scene.query(`insert into ledger values (7001, 'stray', '2026-04-03 00:00+00')`);
  const written = await tableLines(scene);
  await scene.policies({ purge: true });
  const { outcomes } = await scene.run();
  assert.deepEqual(
    outcomes.map(({ entry, kind, failure }) => [entry.month, kind, failure?.text]),
    ['2026-04', '2026-05', '2026-06'].map((month) => [month, 'purged', undefined]),
  );
  assert.deepEqual(await partitions(scene), ['p_2026_10', 'rest']);
  assert.deepEqual(await methods(scene), [
    ['2026-04', 'delete'],
    ['2026-05', 'detach'],
    ['2026-06', 'detach'],
  ]);
  await assertAddsUp(scene, written);
});

test('a partition that holds a row which is not archived stays in place; the row is archived, then it goes', async () => {
  await using scene = await openParted({ months: ['2026-05'] });
  await scene.policies({ purge: true });
  let late: Promise<unknown> | undefined;
  const { outcomes } = await atStep(
    'purge.before-delete',
    () => {
      late = scene.query(`insert into ledger values (8001, 'late', '2026-05-31 23:59:59.999999+00')`);
    },
    () => scene.run(),
  );
  // Either it came before the partition was locked, and went round again, or behind it, and into the default partition.
  await late;
  assert.equal(outcomes[0]?.kind, 'purged', outcomes[0]?.failure?.text);
  await scene.run();
  const units = await unitsOf(scene, { table });
  assert.equal(
    units.flatMap(({ parts }) => parts).reduce((sum, { rows }) => sum + rows, 0),
    rowsPerMonth + 1,
  );
  assert.deepEqual(await tableLines(scene), new Map());
});

test('a row changed since its export keeps its partition from being dropped before it is archived anew', async () => {
  await using scene = await openParted({ months: ['2026-05'] });
  await scene.policies({});
  await scene.run();
  await scene.query(`update ledger set note = 'changed' where id = 5004`);
  const written = await tableLines(scene);
  await scene.policies({ purge: true });
  const { outcomes } = await scene.run();
  assert.equal(outcomes.at(-1)?.kind, 'purged', outcomes[0]?.failure?.text);
  await assertAddsUp(scene, written);
  assert.deepEqual(await tableLines(scene), new Map());
});

for (const [how, replace] of Object.entries({
  'a table of the same name that is no partition': [
    'alter table ledger detach partition p_2026_05',
    'alter table p_2026_05 rename to kept',
    'create table p_2026_05 (like ledger)',
    `insert into p_2026_05 values (9001, 'not of the ledger', '2026-05-05 00:00+00')`,
  ],
  "another month's partition under its name": [
    'alter table p_2026_05 rename to kept',
    'alter table p_2026_10 rename to p_2026_05',
  ],
})) {
  test(`a partition that was replaced between the plan and the purge by ${how} is not touched`, async () => {
    await using scene = await openParted({ months: ['2026-05', '2026-10'] });
    await scene.policies({ purge: true });
    const written = await tableLines(scene);
    const blocker = new pg.Client({ connectionString: scene.sourceUrl });
    await blocker.connect();
    await blocker.query('begin');
    let replaced: Promise<void> | undefined;
    const { outcomes } = await atStep(
      'unit.verified',
      () => {
        replaced = replaceOnceWaitedFor(scene, blocker, replace);
      },
      () => scene.run({ to: '2026-05' }),
    );
    await replaced;
    await blocker.end();
    assert.deepEqual(
      [outcomes[0]?.kind, outcomes[0]?.failure?.code],
      ['failed', 'SCHEMA_DRIFTED'],
      outcomes[0]?.failure?.text,
    );
    const [kept] = await scene.query<{ rows: number }>('select count(*)::int as rows from kept');
    assert.equal(kept?.rows, rowsPerMonth);
    if (how.startsWith('another')) assert.deepEqual(await tableLines(scene), written);
    else assert.equal((await scene.query('select id from p_2026_05 where id = 9001')).length, 1);
  });
}

test('the undo window: a partition and deleted rows wait aside, and are dropped when it is over, unless held', async () => {
  await using scene = await openParted({ months: ['2026-05'] });
  await scene.query('create table plain (id bigint primary key, note text, created_at timestamptz not null)');
  await scene.query('insert into plain select * from ledger');
  await scene.policies({ tables: ['public.ledger', 'public.plain'], purge: true, undoDays: 7 });
  const { outcomes } = await scene.run();
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['purged', 'purged'],
    JSON.stringify(outcomes.map((o) => o.failure?.text)),
  );
  assert.deepEqual(await aside(scene), [rowsPerMonth, rowsPerMonth]);
  assert.equal(await dropUndoTables(scene.context, 'test'), 0);
  scene.setNow(new Date('2026-11-28T12:00:00Z'));
  assert.equal(await dropUndoTables(scene.context, 'test'), 2);
  assert.deepEqual(await aside(scene), []);
  assert.equal(await dropUndoTables(scene.context, 'test'), 0);
});

/** Locks the partition against everything but reads, and replaces it while the purge waits for its lock. */
async function replaceOnceWaitedFor(
  scene: ArchiveScene,
  blocker: pg.Client,
  replace: readonly string[],
): Promise<void> {
  await blocker.query('lock table p_2026_05 in row exclusive mode');
  const deadline = Date.now() + 10_000;
  for (;;) {
    const [found] = await scene.query<{ waiting: boolean }>(
      `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting`,
    );
    if (found?.waiting || Date.now() > deadline) break;
  }
  for (const statement of replace) await blocker.query(statement);
  await blocker.query('commit');
}

/** A ledger partitioned by month in the time zone of its makers, with a default partition; June has partitions itself. */
async function openParted({ months }: { readonly months: readonly string[] }): Promise<ArchiveScene> {
  const scene = await openArchiveScene({ settings: { rangeRows: 10 } });
  await scene.query(
    'create table ledger (id bigint, note text, created_at timestamptz not null, primary key (id, created_at)) partition by range (created_at)',
  );
  await scene.query('create table rest partition of ledger default');
  for (const month of months) {
    const name = `p_${month.replace('-', '_')}`;
    const bounds = `for values from ('${monthStart(month).toISOString()}') to ('${monthEnd(month).toISOString()}')`;
    const isDeep = month === '2026-06';
    await scene.query(`create table ${name} partition of ledger ${bounds}${isDeep ? ' partition by range (id)' : ''}`);
    if (isDeep) {
      await scene.query(`create table ${name}_low partition of ${name} for values from (minvalue) to (6010)`);
      await scene.query(`create table ${name}_high partition of ${name} for values from (6010) to (maxvalue)`);
    }
    await scene.query(
      `insert into ledger select $1::bigint * 1000 + i, 'row ' || i, $2::timestamptz + i * interval '20 hours'
         from generate_series(0, ${rowsPerMonth - 1}) i`,
      [Number(month.slice(5)), monthStart(month).toISOString()],
    );
  }
  return scene;
}

async function partitions(scene: ArchiveScene): Promise<readonly string[]> {
  const rows = await scene.query<{ name: string }>(
    `select relname as name from pg_class where relname ~ '^(p_|rest$)' and relkind in ('r', 'p') order by 1`,
  );
  return rows.map(({ name }) => name);
}

async function methods(scene: ArchiveScene): Promise<readonly (readonly string[])[]> {
  const rows = await scene.registryQuery<{ month: string; method: string }>(
    `select distinct to_char(u.period, 'YYYY-MM') as month, d.method::text as method
       from registry.archive_deletion d join registry.archive_unit u on u.id = d.unit_id order by 1`,
  );
  return rows.map(({ month, method }) => [month, method]);
}

async function aside(scene: ArchiveScene): Promise<readonly number[]> {
  const tables = await scene.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'billvault_undo' order by 1`,
  );
  const counts: number[] = [];
  for (const { name } of tables) {
    const [found] = await scene.query<{ rows: number }>(`select count(*)::int as rows from billvault_undo.${name}`);
    counts.push(found?.rows ?? 0);
  }
  return counts;
}

test('readers of the whole table neither stop a partition from going nor are stopped for its sake', async () => {
  await using scene = await openParted({ months: ['2026-05'] });
  await scene.policies({ purge: true });
  const stop = new AbortController();
  const failures: unknown[] = [];
  const readers = Array.from({ length: 3 }, async () => {
    while (!stop.signal.aborted) {
      await scene.query('select count(*), pg_sleep(0.02) from ledger').catch((error: unknown) => failures.push(error));
    }
  });
  const { outcomes } = await scene.run();
  stop.abort();
  await Promise.all(readers);
  assert.deepEqual(
    outcomes.map(({ kind, failure }) => [kind, failure?.text]),
    outcomes.map(() => ['purged', undefined]),
  );
  assert.deepEqual(failures, []);
});
