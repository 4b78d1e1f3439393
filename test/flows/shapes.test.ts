import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { verifyFile } from '../../src/ingest/verify/verify-file.ts';
import { Duck } from '../parquet/duckdb.ts';
import { openScene, type Scene } from '../support/scene.ts';

describe('raw tables grow with what arrives and lose nothing of it', { timeout: 120_000 }, () => {
  let scene: Scene;
  let duck: Duck;
  let clients = 0;
  before(async () => {
    scene = await openScene();
    duck = await Duck.open();
  });
  after(async () => {
    await duck[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  /** A client with an export of kind `files`: what lies under a month is its delivery. */
  async function newFiles() {
    const client = `client_${clients++}`;
    const { bucket } = await scene.addClient(client);
    let table = '';
    const ingest = async (objects: Readonly<Record<string, Uint8Array | string>>) => {
      for (const [key, body] of Object.entries(objects)) await scene.put(bucket, key, body);
      const { exports } = await scene.discover(client, { kind: 'files' });
      table = `raw_${client}.${exports[0]?.tableName}`;
      await scene.drain();
      const failed = await scene.query(
        `select key, error_code, error_text from registry.file where status = 'FAILED' and delivery_id in
           (select d.id from registry.delivery d where d.export_id = $1)`,
        [exports[0]?.id],
      );
      assert.deepEqual(failed, []);
    };
    const rows = (columns = '*') =>
      scene.query<Record<string, string | null>>(
        `select ${columns} from ${table} order by _delivery_id, _file_id, _row`,
      );
    /** Every current file, read again and compared cell by cell. */
    const verify = async () => {
      const files = await scene.query<{ id: string; key: string }>(
        `select f.id, f.key from registry.file f join registry.delivery d on d.id = f.delivery_id
           join registry.export e on e.id = d.export_id join registry.client c on c.id = e.client_id
          where c.name = $1 and d.state = 'PUBLISHED'`,
        [client],
      );
      for (const { id, key } of files) {
        const { ok, differences } = await verifyFile(scene.context, { fileId: Number(id) });
        assert.deepEqual({ ok, differences }, { ok: true, differences: [] }, key);
      }
      return files.length;
    };
    const typesOf = async () =>
      Object.fromEntries(
        (
          await scene.query<{ name: string; type: string }>(
            `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
              where attrelid = $1::regclass and attnum > 3 and not attisdropped`,
            [table],
          )
        ).map(({ name, type }) => [name, type]),
      );
    return { client, ingest, rows, verify, typesOf };
  }

  const parquet = async (query: string) => readFile(await duck.write(`${crypto.randomUUID()}.parquet`, query));

  test('columns come and go from month to month: all of them are there, null where a month has none', async () => {
    const { ingest, rows, verify } = await newFiles();
    await ingest({ 'b/2024-01/a.csv': 'x,y\n1,2\n', 'b/2024-02/a.csv': 'z,x\n"",4\n', 'b/2024-03/a.csv': 'y\n5\n' });
    assert.deepEqual(await rows('x, y, z'), [
      { x: '1', y: '2', z: null },
      { x: '4', y: null, z: '' },
      { x: null, y: '5', z: null },
    ]);
    assert.equal(await verify(), 3);
  });

  const values: Readonly<Record<string, string>> = {
    boolean: 'true',
    bigint: '9007199254740993::bigint',
    double: "'-0.0'::double",
    tiny: '5e-324::double',
    decimal: '123456789012345678.990::decimal(38,3)',
    date: "'2024-02-29'::date",
    time: "'23:59:59.999999'::time",
    timestamp: "'2024-02-29 23:59:59.123456'::timestamp",
    timestamptz: "'2024-02-29 23:59:59.123456+00'::timestamptz",
    blob: "'\\xDE\\xAD'::blob",
    list: '[1, null, 3]::bigint[]',
    struct: "{'b': 1.50::decimal(9,2), 'a': 'x \"quoted\"'}",
    map: "map {'k': 'v', 'a': 'b'}",
    text: "'plain'",
  };
  const own = Object.entries(values).map(([name, value]) => `${value} as "${name}"`);
  const asText = Object.keys(values).map((name) => `'some ${name}' as "${name}"`);

  test('a column of any type that becomes text in a later month keeps every value of both', async () => {
    const { ingest, verify, typesOf } = await newFiles();
    await ingest({ 'b/2024-01/a.parquet': await parquet(`select ${own.join(', ')}`) });
    assert.equal(await verify(), 1);
    await ingest({ 'b/2024-02/a.parquet': await parquet(`select ${asText.join(', ')}`) });
    assert.deepEqual([...new Set(Object.values(await typesOf()))], ['text']);
    assert.equal(await verify(), 2);
  });

  test('a column of text that becomes any other type in a later month keeps every value of both', async () => {
    const { ingest, verify, typesOf } = await newFiles();
    await ingest({ 'b/2024-01/a.parquet': await parquet(`select ${asText.join(', ')}`) });
    await ingest({ 'b/2024-02/a.parquet': await parquet(`select ${own.join(', ')}`) });
    assert.deepEqual([...new Set(Object.values(await typesOf()))], ['text']);
    assert.equal(await verify(), 2);
  });

  test('whole numbers that become decimals of any scale become numeric, every digit kept', async () => {
    const { ingest, rows, verify, typesOf } = await newFiles();
    await ingest({ 'b/2024-01/a.parquet': await parquet('select 9007199254740993::bigint as v') });
    await ingest({ 'b/2024-02/a.parquet': await parquet('select 123456789012345678.990::decimal(38,3) as v') });
    await ingest({ 'b/2024-03/a.parquet': await parquet('select -1::int as v') });
    assert.deepEqual(await typesOf(), { v: 'numeric' });
    assert.deepEqual(await rows('v::text'), [{ v: '9007199254740993' }, { v: '123456789012345678.990' }, { v: '-1' }]);
    assert.equal(await verify(), 3);
  });

  test('two files of one delivery that disagree about a type come in at the same time', async () => {
    const { ingest, verify, typesOf } = await newFiles();
    await ingest({
      'b/2024-01/a.parquet': await parquet('select range as v from range(2000)'),
      'b/2024-01/b.parquet': await parquet("select 'text ' || range as v from range(2000)"),
      'b/2024-01/c.parquet': await parquet('select range::double / 7 as v, range as w from range(2000)'),
    });
    assert.equal((await typesOf())['v'], 'text');
    assert.equal(await verify(), 3);
  });

  test('control characters and odd spaces in cells are values like any other, wherever in the file they stand', async () => {
    const { ingest, rows, verify } = await newFiles();
    const cells = ['\u000b', '\u001b[31m', '\u0001', '\u007f', '\u00a0 ', '\u2028', '\ufeff', '\t'];
    await ingest({ 'b/2024-01/a.csv': `value\n${cells.join('\n')}\n` });
    assert.deepEqual(
      (await rows('value')).map((row) => row['value']),
      cells,
    );
    assert.equal(await verify(), 1);
  });

  test('nothing at all in a chunk: no byte, a header alone, a parquet without rows', async () => {
    const { ingest, rows, verify } = await newFiles();
    await ingest({
      'b/2024-01/1.csv': '',
      'b/2024-01/2.csv': 'a,b\n',
      'b/2024-01/3.parquet': await parquet('select 1 as a, 2 as c where false'),
      'b/2024-01/4.csv': 'a,b\n1,\n',
    });
    assert.deepEqual(await rows('a, b, c'), [{ a: '1', b: null, c: null }]);
    assert.equal(await verify(), 4);
  });

  const long = 'savings_plan_net_amortized_upfront_commitment_for_billing_period';
  const hostile = [
    'plain',
    'Name',
    'name',
    'NAME',
    'name',
    '',
    '',
    'a"b',
    "a'b",
    'a\nb',
    'a\r\nb',
    'a,b',
    'a\\b',
    'a;drop table x;--',
    '"); drop schema registry cascade; --',
    "'); select pg_sleep(100); --",
    '$1',
    '%I',
    long,
    `${long}_2`,
    `${'ü'.repeat(40)}`,
    `${'ü'.repeat(40)}1`,
    '_row',
    '_file_id',
    '_delivery_id',
    '_more',
    'ctid',
    'tableoid',
    ' leading and trailing ',
    'select',
    '__proto__',
    'constructor',
    'toString',
    '\u202eright to left',
    '\u0000'.replace('\0', '␀'),
    '🧾',
  ];

  test('column names that are hostile, empty, too long, reserved or collide each keep their own values (CSV)', async () => {
    assert.equal(Buffer.byteLength(long), 64);
    const { client, ingest, verify } = await newFiles();
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const line = (month: number) => hostile.map((_, i) => `${month}:${i}`).join(',');
    for (const month of [1, 2]) {
      await ingest({ [`b/2024-0${month}/a.csv`]: `${hostile.map(quote).join(',')}\n${line(month)}\n` });
    }
    assert.equal(await verify(), 2);
    await assertPlaced(client, (i) => [1, 2].map((month) => `${month}:${i}`));
    const [still] = await scene.query<{ there: boolean }>(`select to_regclass('registry.file') is not null as there`);
    assert.equal(still?.there, true);
  });

  /** Every source column has a column of its own that holds exactly its values, and its name is on record. */
  async function assertPlaced(client: string, valuesOf: (index: number) => readonly string[]): Promise<void> {
    const columns = await scene.query<{ source: string; occurrence: number; name: string; table: string }>(
      `select c.source_name as source, c.occurrence, c.column_name as name, format('%I.%I', t.schema_name, t.table_name) as table
         from billvault.raw_column c join billvault.raw_table t using (export_id) where t.schema_name = $1`,
      [`raw_${client}`],
    );
    assert.equal(columns.length, hostile.length);
    assert.equal(new Set(columns.map(({ name }) => name)).size, hostile.length);
    const counted = new Map<string, number>();
    for (const [index, source] of hostile.entries()) {
      const occurrence = (counted.get(source) ?? 0) + 1;
      counted.set(source, occurrence);
      const column = columns.find((one) => one.source === source && one.occurrence === occurrence);
      assert.ok(column, JSON.stringify(source));
      const held = await scene.query<{ value: string; comment: string | null }>(
        `select "${column.name.replaceAll('"', '""')}" as value from ${column.table} order by _delivery_id`,
      );
      assert.deepEqual(
        held.map(({ value }) => value),
        valuesOf(index),
        JSON.stringify(source),
      );
      if (column.name === source) continue;
      const [comment] = await scene.query<{ text: string | null }>(
        `select col_description(attrelid, attnum) as text from pg_attribute where attrelid = $1::regclass and attname = $2`,
        [column.table, column.name],
      );
      if (source !== '') assert.equal(comment?.text, source);
    }
  }

  test('a parquet whose names hold NUL and quotes comes in, two names that differ by a NUL stay two', async () => {
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const names = ['a\0', 'a␀', 'a', '"; drop table x', ''];
    const body = parquetWriteBuffer({
      columnData: names.map((name, i) => ({ name, data: [`v${i}`], type: 'STRING' as const })),
    });
    const { client, ingest, verify } = await newFiles();
    await ingest({ 'b/2024-01/a.parquet': new Uint8Array(body) });
    assert.equal(await verify(), 1);
    const columns = await scene.query<{ name: string }>(
      `select column_name as name from billvault.raw_column c join billvault.raw_table t using (export_id) where t.schema_name = $1`,
      [`raw_${client}`],
    );
    assert.equal(new Set(columns.map(({ name }) => name)).size, names.length);
  });

  test('10,000 columns: 1,500 of their own, the others in _more, every cell verified, null and empty told apart', async () => {
    const { ingest, verify, rows, typesOf } = await newFiles();
    const names = Array.from({ length: 10_000 }, (_, i) => `resourceTags/user:tag ${i}`);
    const cell = (row: number, i: number) => (i % 97 === row ? `${row}:${i}` : i % 501 === 0 ? '""' : '');
    const lines = [0, 1, 2].map((row) => names.map((_, i) => cell(row, i)).join(','));
    await ingest({ 'b/2024-01/a.csv': `${names.join(',')}\n${lines.join('\n')}\n` });
    assert.equal(await verify(), 1);
    const types = await typesOf();
    assert.equal(Object.keys(types).length, 1_501);
    assert.equal(types['_more'], 'jsonb');
    const more =
      await rows(`_more ->> 'resourceTags/user:tag 9701' as v, _more ->> 'resourceTags/user:tag 5010' as empty,
      _more ? 'resourceTags/user:tag 9000' as known`);
    assert.equal(more[1]?.['v'], '1:9701');
    assert.equal(more[0]?.['empty'], '');
    assert.equal(more[0]?.['known'], false);
  });
});
