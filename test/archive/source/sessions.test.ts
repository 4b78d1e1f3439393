import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keyOrder } from '../../../src/archive/source/key-order.ts';
import { listTables } from '../../../src/archive/source/list-tables.ts';
import { openSource } from '../../../src/archive/source/open-source.ts';
import { selectRange } from '../../../src/archive/source/range-statements.ts';
import { sourceDatabases } from '../../../src/archive/source/source-databases.ts';
import { inSnapshot, inSourceTransaction } from '../../../src/archive/source/source-transaction.ts';
import { definitionSha256, readDefinition } from '../../../src/archive/source/table-definition.ts';
import { linesOf, openTestSource, type TestSource } from './source-database.ts';

const role = `reader_${crypto.randomUUID().slice(0, 8)}`;
const password = 'not-to-be-told';

describe('the sessions of a source database', () => {
  let source: TestSource;
  let roleUrl: string;

  before(async () => {
    source = await openTestSource();
    const url = Object.assign(new URL(source.url), { username: role, password });
    roleUrl = url.href;
    await source.owner.query(`
      create role ${role} login password '${password}';
      create table plain (at timestamptz default '2024-07-01', id int primary key, span interval, bytes bytea, real float8, price money);
      insert into plain values ('2024-03-31 02:30:00+02', 1, '-1 day 2:03:04.5', '\\x00ff', 0.1::float8 + 0.2, '-1234.5');
      create table guarded (id int primary key, owner text);
      insert into guarded values (1, 'a'), (2, 'b');
      alter table guarded enable row level security;
      create policy own on guarded using (owner = 'a');
      create table secret (id int);
      grant select on plain, guarded to ${role}`);
  });
  after(async () => {
    await source.owner.query(`drop owned by ${role}; drop role ${role}`);
    await source[Symbol.asyncDispose]();
  });

  async function read(url: string, table: string): Promise<{ readonly lines: string; readonly sha256: string }> {
    await using opened = await openSource({ name: 'test', url, max: 1 });
    // Awaited here: the source is closed on the way out.
    return await inSnapshot(opened.pool, async (client) => {
      const definition = await readDefinition(client, { schema: 'public', table });
      const select = selectRange({ definition, key: keyOrder(definition, { timeColumn: null }), month: null });
      return { lines: (await linesOf(client, select)).toString(), sha256: definitionSha256(definition) };
    });
  }

  test('give the same text whatever the database and the role have as their defaults, and are not ended by them', async () => {
    const expected = await read(roleUrl, 'plain');
    assert.equal(
      expected.lines,
      '2024-03-31 00:30:00+00\t1\t-1 days +02:03:04.5\t\\\\x00ff\t0.30000000000000004\t-$1,234.50\n',
    );
    const database = new URL(source.url).pathname.slice(1);
    for (const setting of [
      `TimeZone = 'America/New_York'`,
      `DateStyle = 'German, DMY'`,
      'IntervalStyle = sql_standard',
      'extra_float_digits = -15',
      'bytea_output = escape',
      `lc_monetary = 'C.utf8'`,
      'xmloption = document',
      'quote_all_identifiers = on',
      'standard_conforming_strings = off',
      `search_path = 'public'`,
      `statement_timeout = '20ms'`,
      `transaction_timeout = '20ms'`,
      `idle_session_timeout = '20ms'`,
      `idle_in_transaction_session_timeout = '20ms'`,
      'default_transaction_read_only = on',
      `default_transaction_isolation = 'serializable'`,
    ]) {
      await source.owner.query(`alter role ${role} set ${setting}`);
      await source.owner.query(`alter database ${database} set ${setting}`);
    }
    assert.deepEqual(await read(roleUrl, 'plain'), expected);
    assert.deepEqual(await read(`${roleUrl}?options=-c%20TimeZone=Asia/Tokyo`, 'plain'), expected);
    await source.owner.query(`alter database ${database} reset all; alter role ${role} reset all`);
  });

  test('that lost their settings on the way are refused before anything is read', async () => {
    await using opened = await openSource({ name: 'test', url: source.url, max: 1 });
    await opened.pool.query(`set DateStyle = 'German'`);
    for (const transaction of [inSnapshot, inSourceTransaction]) {
      await assert.rejects(
        transaction(opened.pool, () => assert.fail('nothing was to run')),
        { code: 'BAD_CONFIG', message: /DateStyle.*German, DMY/ },
      );
    }
  });

  test('read one snapshot, and cannot write', async () => {
    await inSnapshot(source.pool, async (client) => {
      const count = async () => (await client.query('select from public.guarded')).rowCount;
      assert.equal(await count(), 2);
      await source.owner.query(`insert into guarded values (3, 'c')`);
      assert.equal(await count(), 2);
      await source.owner.query('delete from guarded where id = 3');
    });
    await assert.rejects(
      inSnapshot(source.pool, (client) => client.query('delete from public.guarded')),
      { code: 'DATABASE', message: /25006/ },
    );
  });

  test('a transaction that failed unnoticed is no success', async () => {
    await assert.rejects(
      inSourceTransaction(source.pool, async (client) => {
        await client.query('select 1/0').catch(() => undefined);
      }),
      { code: 'DATABASE', message: /not committed/ },
    );
  });

  test('rows that a policy hides from the role are an error, not fewer rows', async () => {
    await assert.rejects(read(roleUrl, 'guarded'), { code: 'BAD_CONFIG', message: /row-level security.*BYPASSRLS/ });
    await using opened = await openSource({ name: 'test', url: roleUrl, max: 1 });
    await assert.rejects(
      inSnapshot(opened.pool, (client) =>
        linesOf(client, { statement: 'copy public.guarded to stdout', subject: 'guarded' }),
      ),
      { code: 'DATABASE', message: /row-level security/ },
    );
    assert.equal((await read(source.url, 'guarded')).lines, '1\ta\n2\tb\n');
  });

  test('a table that may not be read, or is none, is named', async () => {
    await source.owner.query(`
      create view a_view as select 1 as id;
      create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;
      create foreign table far (id int) server nowhere;
      create table parent (id int primary key); create table wider (extra text) inherits (parent)`);
    await assert.rejects(read(roleUrl, 'secret'), {
      code: 'BAD_CONFIG',
      message: /may not select from public\.secret/,
    });
    await assert.rejects(read(source.url, 'nothing'), { code: 'NOT_FOUND', message: /public\.nothing/ });
    for (const [table, why] of [
      ['a_view', /a view/],
      ['far', /foreign table/],
      ['parent', /public\.wider inherits/],
    ] as const) {
      await assert.rejects(read(source.url, table), { code: 'BAD_INPUT', message: why });
    }
    const tables = (await listTables(source.pool)).map(({ table }) => table);
    assert.deepEqual(tables, ['guarded', 'parent', 'plain', 'secret']);
  });

  test('a database that cannot be opened is named by its name in the configuration, never by its password', async () => {
    const wrong = Object.assign(new URL(roleUrl), { password: 'wrong-secret' }).href;
    const gone = Object.assign(new URL(source.url), { pathname: '/no_such_database' }).href;
    const unreachable = Object.assign(new URL(source.url), { port: '1' }).href;
    const urls: Readonly<Record<string, string>> = { wrong, gone, unreachable };
    const urlOf = (name: string) => urls[name] ?? '';
    await using sources = sourceDatabases({ names: Object.keys(urls), urlOf, max: 1 });
    const refusals = {
      wrong: 'BAD_CONFIG',
      gone: 'BAD_CONFIG',
      unreachable: 'DATABASE_UNAVAILABLE',
    };
    for (const [name, code] of Object.entries(refusals)) {
      await assert.rejects(sources.open(name), (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, new RegExp(name));
        assert.doesNotMatch(JSON.stringify(error) + error.stack, /secret/);
        return true;
      });
    }
  });
});
