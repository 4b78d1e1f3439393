import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { placeHold } from '../../../src/archive/holds/place-hold.ts';
import { archiveStatus } from '../../../src/archive/status/archive-status.ts';
import { mondayOf, takeStatistics } from '../../../src/archive/status/take-statistics.ts';
import { validateArchive } from '../../../src/archive/validate/validate-archive.ts';
import { listStatistics } from '../../../src/registry/archive/statistic.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

const { signal } = new AbortController();
let scene: ArchiveScene;
before(async () => {
  scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-04', '2026-05'] });
  await makeLedger(scene, { table: 'charges', months: ['2026-05'] });
  await scene.policies(
    { tables: ['public.ledger'], purge: true },
    { name: 'charges', tables: ['public.charges'], schedule: '0 4 3 * *' },
  );
  await scene.run();
});
after(() => scene[Symbol.asyncDispose]());

test('status tells of every table and month what was archived, proved, validated, purged and held', async () => {
  await validateArchive(scene.context, { selection: {}, level: 'full', trigger: 'manual', actor: 'test', signal });
  const { hold } = await placeHold(scene.context, {
    source: 'ledger',
    table: 'public.charges',
    reason: 'x',
    actor: 'test',
    signal,
  });
  const { tables, nextCursor } = await archiveStatus(scene.context, { source: 'ledger' }, { limit: 100 });
  assert.equal(nextCursor, null);
  const byName = new Map(tables.map((table) => [table.table, table]));
  const ledger = byName.get('ledger');
  assert.ok(ledger);
  const {
    schema,
    policy,
    schedule,
    oldestUnarchivedMonth,
    firstMonth,
    lastMonth,
    units,
    parts,
    rows,
    bytes,
    textBytes,
  } = ledger;
  assert.deepEqual(
    { schema, policy, schedule, oldestUnarchivedMonth, firstMonth, lastMonth, units, parts, rows },
    {
      schema: 'public',
      policy: 'ledgers',
      schedule: '0 3 2 * *',
      oldestUnarchivedMonth: null,
      firstMonth: '2026-04',
      lastMonth: '2026-05',
      units: 2,
      parts: 2,
      rows: 100,
    },
  );
  assert.ok(bytes > 0 && textBytes > 0);
  assert.deepEqual(
    ledger.months.map(
      ({ month, state, rows, storageClasses, lockMode, lockedUntil, validatedLevel, purgedRows, holds }) => {
        return [
          month,
          state,
          rows,
          storageClasses,
          lockMode,
          lockedUntil.toISOString(),
          validatedLevel,
          purgedRows,
          holds,
        ];
      },
    ),
    [
      ['2026-04', 'PURGED', 50, ['INTELLIGENT_TIERING'], 'COMPLIANCE', '2036-05-01T00:00:00.000Z', 'full', 50, []],
      ['2026-05', 'PURGED', 50, ['INTELLIGENT_TIERING'], 'COMPLIANCE', '2036-06-01T00:00:00.000Z', 'full', 50, []],
    ],
  );
  const charges = byName.get('charges');
  assert.deepEqual(
    [charges?.schedule, charges?.months[0]?.state, charges?.months[0]?.holds, charges?.months[0]?.heldParts],
    ['0 4 3 * *', 'VERIFIED', [hold.id], 1],
  );
});

test('status comes in pages, and can be narrowed to a table and its months', async () => {
  const first = await archiveStatus(scene.context, {}, { limit: 1 });
  assert.equal(first.tables.length, 1);
  const second = await archiveStatus(scene.context, {}, { limit: 1, cursor: first.nextCursor ?? 0 });
  const names = [...first.tables, ...second.tables].map(({ table }) => table);
  assert.deepEqual(names.toSorted(), ['charges', 'ledger']);
  const narrow = await archiveStatus(scene.context, { table: 'ledger', from: '2026-05' }, { limit: 10 });
  assert.deepEqual(
    narrow.tables.map(({ rows, months }) => [rows, months.map(({ month }) => month)]),
    [[50, ['2026-05']]],
  );
});

test('the oldest month that is not archived is the oldest with rows that the last plan saw and no unit holds', async () => {
  await scene.registryQuery(`
    update registry.archive_table set facts = jsonb_set(facts, '{months}', facts -> 'months' || '[{"month": "2026-03", "rows": 7}]')
     where table_name = 'charges'`);
  const { tables } = await archiveStatus(scene.context, { table: 'charges' }, { limit: 10 });
  assert.equal(tables[0]?.oldestUnarchivedMonth, '2026-03');
});

test('statistics of a week are taken once however often they are taken', async () => {
  assert.equal(await takeStatistics(scene.context), 2);
  assert.equal(await takeStatistics(scene.context), 2);
  const { registry } = scene.context;
  const rows = await listStatistics(registry, { source: 'ledger' }, { limit: 10 });
  assert.deepEqual(
    rows.map(({ table, week, units, parts, rows: count, bytes, textBytes }) => [
      table,
      week,
      units,
      parts,
      count,
      bytes > 0 && textBytes > 0,
    ]),
    [
      ['charges', '2026-11-16', 1, 1, 50, true],
      ['ledger', '2026-11-16', 2, 2, 100, true],
    ],
  );
  scene.setNow(new Date('2026-11-23T00:00:00Z'));
  await takeStatistics(scene.context);
  assert.equal((await listStatistics(registry, { table: 'public.ledger' }, { limit: 10 })).length, 2);
});

test('a policy that is refused is told of with its reason and since when, until a plan does not refuse it any more', async () => {
  await scene.query('create table api_tokens (id int primary key, created_at timestamptz not null)');
  const refused = async (source?: string) =>
    (await archiveStatus(scene.context, { source }, { limit: 1 })).refused.map(({ policy, code, text, at }) => [
      policy,
      code,
      text,
      at.toISOString(),
    ]);
  const good = { tables: ['public.ledger'], purge: true };
  await scene.policies(
    good,
    { name: 'all', tables: ['public.c*', 'public.api_*'] },
    { name: 'one', tables: ['public.charges'] },
  );
  assert.deepEqual(await refused(), [], 'nobody has looked yet');
  scene.setNow(new Date('2026-11-24T00:00:00Z'));
  await scene.run();
  scene.setNow(new Date('2026-11-25T00:00:00Z'));
  await scene.run();
  const since = '2026-11-24T00:00:00.000Z';
  const found = await refused('ledger');
  assert.deepEqual(
    found.map(([policy, code, , at]) => [policy, code, at]),
    [
      ['all', 'TABLE_DENIED', since],
      ['one', 'POLICY_INVALID', since],
    ],
  );
  assert.match(String(found[0]?.[2]), /policy all .*public\.api_tokens/);
  assert.match(String(found[1]?.[2]), /policy one: tables reaches public\.charges of ledger, and so does policy all/);
  assert.deepEqual(await refused('another'), []);

  await scene.policies(good, { name: 'one', tables: ['public.charges'] });
  assert.deepEqual(
    (await refused()).map(([policy]) => policy),
    ['one'],
    'of the one that did not change the next plan has to say',
  );
  await scene.run();
  assert.deepEqual(await refused(), []);
});

test('a week begins on Monday at midnight in UTC, across the ends of years', () => {
  const monday = (text: string) => mondayOf(new Date(text)).toISOString().slice(0, 10);
  assert.deepEqual(
    ['2026-11-22T23:59:59Z', '2026-11-23T00:00:00Z', '2027-01-03T12:00:00Z', '2024-02-29T00:00:00Z'].map(monday),
    ['2026-11-16', '2026-11-23', '2026-12-28', '2024-02-26'],
  );
});

test('a hundred tables of ten years of months are told in a moment', async () => {
  await scene.registryQuery(`
    insert into registry.archive_table (source, schema_name, table_name)
    select 'big', 'public', 't' || lpad(i::text, 3, '0') from generate_series(1, 100) i`);
  await scene.registryQuery(`
    insert into registry.archive_unit (table_id, period, mode, policy_name, policy, definition_sha256, retain_until)
    select t.id, m::date, 'monthly', 'p', '{}', 'd', m + interval '10 years'
      from registry.archive_table t, generate_series('2016-01-01'::date, '2025-12-01', '1 month') m where t.source = 'big'`);
  const start = performance.now();
  const { tables } = await archiveStatus(scene.context, { source: 'big' }, { limit: 100 });
  const seconds = (performance.now() - start) / 1_000;
  assert.equal(
    tables.reduce((sum, { months }) => sum + months.length, 0),
    12_000,
  );
  assert.ok(seconds < 10, `${seconds} s`);
});
