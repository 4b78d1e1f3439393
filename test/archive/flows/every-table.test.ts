// Where the reports of facts/known-bugs.md, table "Archive", are guarded against:
//   kill -9 left a truncated file that was taken for whole     faults/kill.test.ts, faults/tampering.test.ts ("truncated")
//   rows inserted between select and drop vanished             flows/concurrent-writers.test.ts; flows/partitions.test.ts
//   upload failed, a later run dropped the data                faults/outages.test.ts
//   a "deep" check silently went shallow                       the validation's own tests
//   select … limit n, then delete of everything older          range by range: "thousands of rows of one instant" below
//   deleted rows although it was a dry run                     "a plan changes nothing" below
//   wrong rows deleted without a unique key                    "identical rows without a key" below
//   crash between insert and delete: duplicates on every run   faults/kill.test.ts
//   partition bounds in the session's time zone                flows/month-ends.test.ts
//   a table dropped by its name while it held live rows        flows/partitions.test.ts
//   a timed-out upload retried: kept twice for ten years       faults/outages.test.ts ("a lost answer")
//   dropping Content-MD5 broke every Object Lock upload        test/contract
//   timestamptz one hour wrong near DST changes                flows/month-ends.test.ts
//   numeric NaN became 0, infinity NULL, unbounded a double    "every type" below
//   an unanchored hash chain was rewritten whole               test/archive/manifest/chain.test.ts
//   one delete of 900k rows timed out every night              ranges: "thousands of rows" below
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collectPlan } from '../../../src/archive/run/collect-plan.ts';
import type { TableOutcome } from '../../../src/archive/run/outcome.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/db/identifier.ts';
import { runUntil } from '../../support/archive-at-step.ts';
import { type ArchiveScene, openArchiveScene } from '../../support/archive-scene.ts';
import { assertAddsUp, type Lines, tableLines, unitsOf } from '../../support/archive-truth.ts';
import { hostileValues } from '../source/hostile-values.ts';

/** What makes each table, with rows in 2026-05; their time column is `at`. */
const tables: Readonly<Record<string, readonly string[]>> = {
  keyless: [
    'create table keyless (account text, amount numeric, at timestamptz)',
    `insert into keyless select 'a' || i % 3, i % 2, '2026-05-01 00:00+00'::timestamptz + (i % 5) * interval '1 day'
       from generate_series(1, 400) i`,
  ],
  instant: [
    'create table instant (id bigint primary key, note text, at timestamptz not null)',
    `insert into instant select i, 'n' || i, '2026-05-15 12:00+00' from generate_series(1, 3000) i`,
  ],
  keyless_instant: [
    'create table keyless_instant (note text, at timestamp)',
    `insert into keyless_instant select 'n' || i % 900, '2026-05-15 12:00' from generate_series(1, 2500) i`,
  ],
  worded: [
    "create collation folded (provider = icu, locale = 'de-u-ks-level2', deterministic = false)",
    'create table worded (word text collate folded, at date, note text, primary key (word, at))',
    `insert into worded select (array['Ä', 'a', 'Z', 'ß', 'o''k', 'é', 'E\\x'])[1 + i % 7] || i, date '2026-05-01' + i % 3, chr(200 + i % 50)
       from generate_series(1, 500) i`,
  ],
  composite: [
    'create table composite (tenant char(4), n smallint, at timestamptz, u uuid default gen_random_uuid(), primary key (tenant, at, n))',
    `insert into composite select (array['eu', 'us'])[1 + i % 2], i, '2026-05-02 00:00+00'::timestamptz + (i / 40) * interval '1 hour'
       from generate_series(1, 500) i`,
  ],
  wide: [
    'create table wide (id int primary key, body text, raw bytea, at timestamptz not null)',
    `insert into wide select i, repeat(chr(65 + i), 1000000), decode(repeat(to_hex(16 + i), 1000000), 'hex'), '2026-05-03 00:00+00'
       from generate_series(1, 4) i`,
  ],
  every: [
    `create table every (id int primary key, at timestamptz not null, ${hostileTypes()
      .map(([type], i) => `c${i} pg_catalog.${quoteIdentifier(type)}`)
      .join(', ')})`,
    ...Array.from(
      { length: Math.max(...hostileTypes().map(([, values]) => values.length)) },
      (_, row) =>
        `insert into every values (${row}, '2026-05-01 00:00+00', ${hostileTypes()
          .map(([type, values]) => {
            const value = values[row];
            return value === undefined ? 'null' : `${quoteLiteral(value)}::pg_catalog.${quoteIdentifier(type)}`;
          })
          .join(', ')})`,
    ),
  ],
  logged: [
    'create table logged (id int primary key, at timestamptz not null)',
    'create table gone (id int)',
    "insert into logged select i, '2026-05-01 00:00+00' from generate_series(1, 30) i",
    `create function log_gone() returns trigger language plpgsql as 'begin insert into public.gone values (old.id); return null; end'`,
    'create trigger log_gone after delete on logged for each row execute function log_gone()',
  ],
};

/** Tables that must not be purged: how they say so. */
const refused: Readonly<
  Record<string, { readonly make: readonly string[]; readonly code: string; readonly says: RegExp }>
> = {
  guarded: {
    make: [
      'create table guarded (id int primary key, at timestamptz not null)',
      "insert into guarded select i, '2026-05-01 00:00+00' from generate_series(1, 30) i",
      `create function keep() returns trigger language plpgsql as 'begin if old.id = 3 then return null; end if; return old; end'`,
      'create trigger keep before delete on guarded for each row execute function keep()',
    ],
    code: 'ROWS_CHANGED',
    says: /1 archived rows are still there/,
  },
  parent: {
    make: [
      'create table parent (id int primary key, at timestamptz not null)',
      'create table child (parent int references parent on delete cascade)',
      "insert into parent select i, '2026-05-01 00:00+00' from generate_series(1, 5) i",
      'insert into child values (1), (2)',
    ],
    code: 'POLICY_INVALID',
    says: /child refers to it .* "on delete cascade"/,
  },
  ruled: {
    make: [
      'create table ruled (id int primary key, at timestamptz not null)',
      "insert into ruled select i, '2026-05-01 00:00+00' from generate_series(1, 5) i",
      'create rule keep as on delete to ruled do instead nothing',
    ],
    code: 'DATABASE',
    says: /rule/i,
  },
  referenced: {
    make: [
      'create table referenced (id int primary key, at timestamptz not null)',
      'create table referrer (r int references referenced)',
      "insert into referenced select i, '2026-05-01 00:00+00' from generate_series(1, 5) i",
      'insert into referrer values (4)',
    ],
    code: 'DATABASE',
    says: /referrer_r_fkey/,
  },
};

describe('every row of any table is archived, and purged by its proof', () => {
  let scene: ArchiveScene;
  const written = new Map<string, Lines>();
  let outcomes: readonly TableOutcome[];
  const policy = { timeColumn: 'at', purge: true, partRows: 1_500 };

  before(async () => {
    scene = await openArchiveScene({ settings: { rangeRows: 100 } });
    for (const statements of Object.values(tables)) for (const statement of statements) await scene.query(statement);
    for (const { make } of Object.values(refused)) for (const statement of make) await scene.query(statement);
    const names = [...Object.keys(tables), ...Object.keys(refused)];
    for (const name of names) written.set(name, await tableLines(scene, { table: `public.${name}` }));
    await scene.policies({ ...policy, tables: names.map((name) => `public.${name}`) });
    ({ outcomes } = await scene.run());
  });
  after(() => scene[Symbol.asyncDispose]());

  const outcomeOf = (name: string) => outcomes.find(({ entry }) => entry.table === name);
  const linesOf = (name: string) => written.get(name) ?? new Map<string, number>();

  for (const [name, says] of Object.entries({
    keyless: 'identical rows without a key',
    instant: 'thousands of rows of one instant',
    keyless_instant: 'thousands of rows of one instant without a key, which no range can tell apart',
    worded: 'a text key under a collation that takes upper and lower case for the same',
    composite: 'a key of several columns, the time among them',
    wide: 'values of a megabyte',
    every: 'every type of PostgreSQL, with hostile values: byte for byte',
    logged: 'a table whose deletions are logged by a trigger',
  })) {
    test(says, async () => {
      const table = `public.${name}`;
      assert.equal(outcomeOf(name)?.kind, 'purged', outcomeOf(name)?.failure?.text);
      assert.equal((await tableLines(scene, { table })).size, 0);
      await assertAddsUp(scene, linesOf(name), { table });
    });
  }

  for (const [name, { code, says }] of Object.entries(refused)) {
    test(`a table that cannot be purged by its proof keeps its rows and says why: ${name}`, async () => {
      const { failure, kind } = outcomeOf(name) ?? {};
      assert.deepEqual([kind, failure?.code], ['failed', code], failure?.text);
      assert.match(failure?.text ?? '', says);
      assert.deepEqual(await tableLines(scene, { table: `public.${name}` }), linesOf(name));
    });
  }

  test('what a trigger of the table writes elsewhere is its own affair', async () => {
    assert.equal((await scene.query('select id from gone')).length, 30);
  });

  test('a row equal to a purged one, in a table without a key, is another row', async () => {
    const table = 'public.keyless';
    const again = new Map(linesOf('keyless'));
    await scene.query("insert into keyless values ('a0', 0, '2026-05-02 00:00+00')");
    for (const line of (await tableLines(scene, { table })).keys()) again.set(line, (again.get(line) ?? 0) + 1);
    const run = await scene.run({ tables: [table] });
    assert.deepEqual(
      run.outcomes.map(({ kind }) => kind),
      ['purged'],
    );
    await assertAddsUp(scene, again, { table });
  });

  test('a month that is empty at its export takes rows that come later', async () => {
    const table = 'public.emptied';
    await scene.query('create table emptied (id int primary key, at timestamptz not null)');
    await scene.query("insert into emptied values (1, '2026-05-05 00:00+00')");
    await scene.policies({ ...policy, tables: [table] });
    await runUntil(scene, 'unit.begun');
    await scene.query('delete from emptied');
    const first = await scene.run({ retryNow: true });
    assert.deepEqual(
      first.outcomes.map(({ kind, rows, parts }) => [kind, rows, parts]),
      [['purged', 0, 0]],
    );
    await scene.query("insert into emptied values (2, '2026-05-06 00:00+00'), (3, '2026-05-01 00:00+00')");
    const late = await tableLines(scene, { table });
    const second = await scene.run({ tables: [table] });
    assert.deepEqual(
      second.outcomes.map(({ kind, rows, parts }) => [kind, rows, parts]),
      [['purged', 2, 1]],
    );
    await assertAddsUp(scene, late, { table });
  });

  test('a plan changes nothing, neither in the source nor in the bucket nor in the registry', async () => {
    await scene.query('create table planned (id int primary key, at timestamptz not null)');
    await scene.query("insert into planned values (1, '2026-05-05 00:00+00')");
    await scene.policies({ ...policy, tables: ['public.planned'] });
    await scene.aws.admin.resetLog();
    const plan = await collectPlan(scene.context, { source: 'ledger', filter: {} });
    assert.deepEqual(
      plan.entries.filter(({ month }) => month !== null).map(({ action, purges }) => [action, purges]),
      [['export', true]],
    );
    assert.equal((await scene.query('select id from planned')).length, 1);
    assert.deepEqual(await unitsOf(scene, { table: 'public.planned' }), []);
    assert.deepEqual(Object.keys((await scene.aws.admin.requestLog()).counts ?? {}), []);
  });
});

/** Those that need no role of their own and that every supported server has. */
function hostileTypes(): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(hostileValues).filter(
    ([type, values]) => type !== 'regdatabase' && !values.some((value) => value.includes('billvault')),
  );
}
