import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSnapshot } from '../../../src/archive/source/source-transaction.ts';
import { copyOut } from '../../../src/db/copy-out.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/db/identifier.ts';
import { type ArchiveScene, openArchiveScene } from '../../support/archive-scene.ts';
import { hostileValues } from '../source/hostile-values.ts';
import { withFreshDatabase } from './fresh-database.ts';
import { restore, said } from './restore-scene.ts';

const orders = {
  'public.every_type': 'id',
  'public.kinds': 'id',
  'public.by_text': 'code',
  'public.without_key': '(t.*)::text collate "C"',
  'public.parted': 'id, created_at',
} as const;

test('every type, a text key, no key and partitions: COPY TO after archive, purge and restore is byte for byte what it was, also in a fresh database', async () => {
  await using scene = await openArchiveScene({ settings: { rangeRows: 100 } });
  await makeTables(scene);
  const before = await copyAll(scene, 'ledger');
  await scene.policies({ tables: ['public.*'], purge: true });
  const { outcomes } = await scene.run();
  assert.deepEqual(
    outcomes.map(({ entry, kind, failure }) => [entry.table, entry.month, kind, failure?.text]).toSorted(),
    ['by_text', 'every_type', 'kinds', 'parted', 'without_key'].map((table) => [table, '2026-05', 'purged', undefined]),
  );
  for (const table of Object.keys(orders)) assert.deepEqual(await scene.query(`select from ${table}`), [], table);
  assert.deepEqual(await scene.query("select from pg_class where relname = 'parted_2026_05'"), [], 'detached');

  const back = await restore(scene);
  assert.equal(said(back), 'done');
  assert.deepEqual(await copyAll(scene, 'ledger'), before);
  const partition = await scene.query<{ rows: number }>('select count(*)::int as rows from parted_2026_05');
  assert.deepEqual(partition, [{ rows: 150 }], 'the partition is there again');

  await using fresh = await withFreshDatabase(scene);
  const elsewhere = await restore(fresh.scene, { target: { kind: 'itself', source: 'fresh' } });
  assert.equal(said(elsewhere), 'done');
  assert.ok(elsewhere.plan.tables.every(({ isNew }) => isNew));
  assert.deepEqual(await copyAll(fresh.scene, 'fresh'), before);
  const [next] = await fresh.query<{ id: string }>('insert into kinds (serial) values (9) returning id::text');
  assert.equal(next?.id, '55', 'the sequence of an identity column is behind the restored rows');
});

async function copyAll({ context }: ArchiveScene, source: string): Promise<Readonly<Record<string, string>>> {
  const { pool } = await context.sources.open(source);
  const texts: Record<string, string> = {};
  for (const [table, order] of Object.entries(orders)) {
    texts[table] = await inSnapshot(pool, async (client) => {
      const chunks: Buffer[] = [];
      const statement = `copy (select t.* from ${table} t order by ${order}) to stdout`;
      for await (const chunk of copyOut(client, { statement, subject: table })) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    });
  }
  return texts;
}

async function makeTables(scene: ArchiveScene): Promise<void> {
  const types = await scene.query<{ name: string }>(
    "select typname as name from pg_type where typtype = 'b' and typnamespace = 'pg_catalog'::regnamespace order by 1",
  );
  const names = types.map(({ name }) => name).filter((name) => hostileValues[name] !== undefined);
  const columns = names.flatMap((name) => {
    const type = `pg_catalog.${quoteIdentifier(name)}`;
    return [`${quoteIdentifier(name)} ${type}`, `${quoteIdentifier(`${name}_s`)} ${type}[]`];
  });
  const time = `created_at timestamptz not null default '2026-05-15 12:34:56.789012+00'`;
  await scene.query(`create table every_type (id int primary key, ${time}, ${columns.join(', ')})`);
  const most = Math.max(...names.map((name) => hostileValues[name]?.length ?? 0));
  for (let id = 0; id <= most; id++) await scene.query(rowOfEveryType(id, names));
  await scene.query(`
    create schema "We""ird";
    create type "We""ird".mood as enum ('o''k', 'z', 'c"', E'tab\\t');
    create domain amount as numeric(12, 2) check (value > -5);
    create type pair as (x int, mood "We""ird".mood);
    create table kinds (
      id bigint generated always as identity (increment 3) primary key, ${time},
      mood "We""ird".mood, moods "We""ird".mood[], amount amount, pair pair, pairs pair[], ranges int4multirange,
      "odd ""name\\" text, dropped int, serial serial,
      stored numeric generated always as (amount * 2) stored, shown text generated always as ('v' || id) virtual);
    alter table kinds drop dropped;
    insert into kinds (mood, moods, amount, pair, pairs, ranges, "odd ""name\\") values
      ('o''k', '[-1:0]={z,"c\\""}', 1.10, row(1, E'tab\\t'), array[row(2, null)::pair, null], '{[1,2),[5,)}', E'\\\\.'),
      (null, null, null, null, null, null, '\\N');
    select setval(pg_get_serial_sequence('kinds', 'id'), 49); insert into kinds default values;
    create table by_text (code text collate "C" primary key, ${time}, n int);
    insert into by_text (code, n) select E'k\\t' || chr(i) || '\\', i from generate_series(32, 400) i where i not between 127 and 160;
    create table without_key (${time}, note text);
    insert into without_key (note) select 'the same' from generate_series(1, 250);
    insert into without_key (created_at, note) select '2026-05-20', 'note ' || i % 3 from generate_series(1, 250) i;
    create table parted (id int, ${time}, note text, primary key (id, created_at)) partition by range (created_at);
    create table parted_2026_05 partition of parted for values from ('2026-05-01') to ('2026-06-01');
    create table parted_2026_06 partition of parted for values from ('2026-06-01') to ('2026-07-01');
    insert into parted (id, note) select i, 'note ' || i from generate_series(1, 150) i`);
}

/** The id-th value of every type, and an array from index 0 of all of them; null where a type has no more. */
function rowOfEveryType(id: number, names: readonly string[]): string {
  const columns = names.flatMap((name) => [quoteIdentifier(name), quoteIdentifier(`${name}_s`)]);
  const values = names.flatMap((name) => {
    const type = `pg_catalog.${quoteIdentifier(name)}`;
    const all = (hostileValues[name] ?? []).map((value) => `${quoteLiteral(value)}::${type}`);
    const array = `('[0:${all.length}]=' || array[${[...all, 'null'].join(', ')}]::${type}[]::text)::${type}[]`;
    return [all[id] ?? 'null', id === 0 ? array : id === 1 ? `'{}'` : 'null'];
  });
  return `insert into every_type (id, ${columns.join(', ')}) values (${id}, ${values.join(', ')})`;
}
