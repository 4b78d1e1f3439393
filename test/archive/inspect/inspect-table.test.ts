import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type InspectRequest, inspectTable } from '../../../src/archive/inspect/inspect-table.ts';
import { openTestSource, type TestSource } from '../source/source-database.ts';

const request: InspectRequest = {
  schema: 'public',
  table: 'ledger',
  timeColumn: 'at',
  hotDays: 90,
  partRows: 10_000,
  partBytes: 64 * 1024 * 1024,
  compression: { codec: 'zstd', level: 3 },
  now: new Date('2024-07-15T00:00:00Z'),
  monthlyCost: ({ bytes, objects }) => bytes * 2n + objects,
};

describe('an inspection', () => {
  let source: TestSource;

  before(async () => {
    source = await openTestSource();
    await source.owner.query(`
      create table ledger (id bigint primary key, at timestamptz, account uuid, amount numeric(18, 4), note text);
      insert into ledger select g, '2024-01-01'::timestamptz + g * interval '5 minutes', gen_random_uuid(), g / 100.0, 'line ' || g % 7
        from generate_series(1, 50000) g;
      insert into ledger (id, at) values (0, null), (-1, 'infinity');
      create table reference (code text primary key, name text);
      insert into reference values ('a', 'A'), ('b', 'B');
      create table empty (at date, note text)`);
    await source.owner.query('analyze ledger');
  });
  after(() => source[Symbol.asyncDispose]());

  test('tells what is due, what it would weigh and cost, and offers the index that is missing', async () => {
    const bare = await inspectTable(source.pool, request);
    const { rows } = await source.owner.query<{ due: number; months: number }>(
      `select count(*)::int as due, count(distinct date_trunc('month', at))::int as months from ledger where at < '2024-04-01'`,
    );
    assert.deepEqual(bare.due, { months: rows[0]?.months, rows: rows[0]?.due });
    assert.equal(bare.rows, 50_002);
    assert.equal(bare.rowsWithoutMonth, 2);
    assert.equal(bare.oldest, '2024-01-01 00:05:00+00');
    assert.equal(bare.newest, '2024-06-22 14:40:00+00');
    assert.equal(bare.createIndex, 'create index concurrently on "public"."ledger" ("at")');
    assert.equal(bare.hasKey, true);
    const { bytes, objects, basis, monthlyCost } = bare.archive;
    assert.equal(basis, 'sample');
    assert.equal(objects, 3n);
    assert.equal(monthlyCost, bytes * 2n + 3n);
    // A random uuid does not compress: that much is certain, and the table itself is larger than the archive.
    assert.ok(bytes > 16n * BigInt(bare.due?.rows ?? 0) && bytes < BigInt(bare.sizeBytes), String(bytes));
    await source.owner.query(bare.createIndex ?? '');
    const indexed = await inspectTable(source.pool, request);
    assert.deepEqual([indexed.hasTimeIndex, indexed.createIndex, indexed.due], [true, null, bare.due]);
  });

  test('takes a snapshot table whole, and an empty one for what it is', async () => {
    const reference = await inspectTable(source.pool, { ...request, table: 'reference', timeColumn: null });
    assert.deepEqual([reference.due, reference.createIndex], [{ months: 1, rows: 2 }, null]);
    const empty = await inspectTable(source.pool, { ...request, table: 'empty' });
    assert.deepEqual(
      [empty.due, empty.rows, empty.archive.bytes, empty.hasKey],
      [{ months: 0, rows: 0 }, 0, 0n, false],
    );
  });

  test('changes nothing', async () => {
    const state = async () => {
      const { rows } = await source.owner.query(
        `select (select md5(string_agg(row(oid, relname, relfilenode, relhasindex)::text, ',' order by oid)) from pg_class) as catalog,
                (select md5(string_agg(row(ctid, l.*)::text, ',' order by id)) from ledger l) as rows`,
      );
      return rows[0];
    };
    const first = await state();
    await inspectTable(source.pool, request);
    assert.deepEqual(await state(), first);
  });
});
