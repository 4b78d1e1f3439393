import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readAll } from './copy-text.ts';
import { Duck } from './duckdb.ts';
import { sourceOf } from './file-source.ts';

/** Every flat type that DuckDB writes, with nulls, repetition, escapes and extremes; 6,000 rows. */
const everyType = `
  select
    i as int64, (i % 100)::tinyint as int8, (i % 200)::utinyint as uint8, i::smallint as int16, i::usmallint as uint16,
    (i - 3000)::integer as int32, (4294967295 - i)::uinteger as uint32,
    (18446744073709551615 - i)::ubigint as uint64, (-9223372036854775807 + i)::bigint as min64,
    case when i % 3 = 0 then null else i % 2 = 0 end as bool,
    (i * 1.1)::float as float32, case when i % 7 = 0 then null else i / 7.0 end as float64,
    (pow(10, i % 600 - 300) * (i % 13))::double as wide64,
    case i % 5 when 0 then 'nan'::double when 1 then 'infinity'::double when 2 then '-infinity'::double else 5e-324 end as odd64,
    (i / 7)::decimal(4, 1) as dec16, (i / 7)::decimal(9, 4) as dec32, (i / 7)::decimal(18, 9) as dec64,
    (i::decimal(38, 10) * 123456789012345678::decimal(38, 0)) as dec128,
    (date '1969-12-01' + i::integer) as day, time '00:00:00' + to_microseconds(i * 14399999) as clock,
    make_timestamp(1704067200000000 + i * 1234567) as micros,
    make_timestamp(1704067200000000 + i * 1234567)::timestamp_s as seconds,
    make_timestamp(1704067200000000 + i * 1234567)::timestamp_ms as millis,
    make_timestamp_ns(1704067200000000000 + i * 1000) as nanos,
    make_timestamp(-1704067200000000 - i)::timestamptz as instant,
    'line ' || i as text, case when i % 50 = 0 then 'a' || chr(9) || 'b' || chr(10) || 'c\\d' || chr(13) else 'plain' end as escaped,
    case when i % 9 = 0 then '' when i % 9 = 1 then null else 'Zürich ✓ ' || (i % 4) end as unicode,
    case when i % 97 = 0 then repeat('x', 5000) else null end as long,
    encode('bytes ' || i) as bytes, ('00000000-0000-0000-0000-' || lpad(i::varchar, 12, '0'))::uuid as uuid,
    null::varchar as nothing
  from range(6000) t(i)`;

describe('files made by DuckDB', () => {
  let duck: Duck;
  before(async () => {
    duck = await Duck.open();
    await duck.connection.run("set timezone = 'UTC'");
  });
  after(async () => {
    await duck[Symbol.asyncDispose]();
  });

  for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw', 'brotli']) {
    for (const version of ['v1', 'v2']) {
      test(`every type in ${codec}, pages and encodings of ${version}, equals DuckDB's reading`, async () => {
        const options = `compression ${codec}, parquet_version ${version}, row_group_size 2048`;
        const path = await duck.write(`${codec}-${version}.parquet`, everyType, options);
        assert.equal(await duck.compare(path), 6_000 * 32);
      });
    }
  }

  test('decimals of every width, and huge integers, keep every digit', async () => {
    const path = await duck.write(
      'decimals.parquet',
      `select '999.9'::decimal(4, 1) as a, '-99999.9999'::decimal(9, 4) as b, '-0.000000001'::decimal(18, 9) as c,
        '-1234567890123456789012345678.0123456789'::decimal(38, 10) as d, '12345678901234567890123456789012345678'::decimal(38, 0) as e`,
    );
    assert.deepEqual((await readAll(await sourceOf(path))).rows, [
      [
        '999.9',
        '-99999.9999',
        '-0.000000001',
        '-1234567890123456789012345678.0123456789',
        '12345678901234567890123456789012345678',
      ],
    ]);
  });

  test('lists, structs and maps within each other become JSON with exact numbers and every duplicate key', async () => {
    const path = await duck.write(
      'nested.parquet',
      `select * from (values
        ([[1, null], [], null], {'a': 9007199254740993, 'b': {'c': '1.10'::decimal(38, 2)}}, map {'k': [1.5], 'l': null}, map {1: 'x', 2: 'y'}),
        (null, {'a': null, 'b': null}, map {}, null),
        ([], null, null, map {7: null})
      ) t(lists, struct, tags, numbered)`,
    );
    const { columns, rows } = await readAll(await sourceOf(path));
    assert.deepEqual(
      columns.map(({ type }) => type),
      ['jsonb', 'jsonb', 'jsonb', 'jsonb'],
    );
    assert.deepEqual(rows, [
      ['[[1,null],[],null]', '{"a":9007199254740993,"b":{"c":1.10}}', '{"k":[1.5],"l":null}', '[[1,"x"],[2,"y"]]'],
      [null, '{"a":null,"b":null}', '{}', null],
      ['[]', null, null, '[[7,null]]'],
    ]);
  });

  test('JSON text holds quotes, backslashes and control characters of its strings', async () => {
    const path = await duck.write(
      'strings.parquet',
      `select ['a"b', 'c\\d', 'e' || chr(9) || chr(10) || chr(1), 'ü✓', ''] as texts, map {'k"\\': 'v'} as tags`,
    );
    const [[texts, tags] = []] = (await readAll(await sourceOf(path))).rows;
    assert.deepEqual(JSON.parse(texts ?? ''), ['a"b', 'c\\d', 'e\t\n\u0001', 'ü✓', '']);
    assert.deepEqual(JSON.parse(tags ?? ''), { 'k"\\': 'v' });
  });

  test('nested values over many pages and row groups stay with their rows', async () => {
    const path = await duck.write(
      'many-nested.parquet',
      `select i, case when i % 5 = 0 then null else [j for j in range(i % 7)] end as numbers,
        map {'id': i::varchar, 'mod': (i % 3)::varchar} as tags, {'n': i, 's': ['s' || i]} as struct
       from range(20000) t(i)`,
      'row_group_size 4096',
    );
    const { rows } = await readAll(await sourceOf(path));
    const expected = Array.from({ length: 20_000 }, (_, i) => [
      String(i),
      i % 5 === 0 ? null : JSON.stringify(Array.from({ length: i % 7 }, (_, j) => j)),
      JSON.stringify({ id: String(i), mod: String(i % 3) }),
      JSON.stringify({ n: i, s: [`s${i}`] }),
    ]);
    assert.deepEqual(rows, expected);
  });

  test('nanoseconds ask for text, and as text are all there', async () => {
    const path = await duck.write('nanos.parquet', 'select make_timestamp_ns(1704067200000000001) as t, 1 as n');
    const wider = { name: 'WiderTypeNeeded', column: 't', to: 'text' };
    await assert.rejects(readAll(await sourceOf(path)), wider);
    const { rows } = await readAll(await sourceOf(path), { asText: new Set(['t']) });
    assert.deepEqual(rows, [['2024-01-01 00:00:00.000000001', '1']]);
  });

  test('files without rows and a row group of one row are read', async () => {
    const empty = await readAll(
      await sourceOf(await duck.write('empty.parquet', 'select 1 as a, null::varchar as b where false')),
    );
    assert.deepEqual(empty, {
      columns: [
        { name: 'a', type: 'bigint' },
        { name: 'b', type: 'text' },
      ],
      rows: [],
    });
    const one = await readAll(await sourceOf(await duck.write('one.parquet', "select 'x' as a")));
    assert.deepEqual(one.rows, [['x']]);
  });

  test('columns come in the order asked for, and the surplus as one JSON object without its nulls', async () => {
    const path = await duck.write(
      'more.parquet',
      `select 1 as a, 'two"' as b, 3.50::decimal(9, 2) as c, null::varchar as d, [1, 2] as e, true as f, encode('z') as g`,
    );
    const moreColumns = new Map([
      [2, 'c'],
      [3, 'd'],
      [4, 'e'],
      [5, 'f~2'],
      [6, 'g'],
    ]);
    const { rows } = await readAll(await sourceOf(path), { columns: [1, 0], moreColumns });
    assert.deepEqual(rows, [['two"', '1', String.raw`{"c":"3.50","e":"[1,2]","f~2":"true","g":"\\x7a"}`]]);
  });

  test('a file is asked for its footer, then for one range a row group, in ascending order', async () => {
    const source = await sourceOf(
      await duck.write('ranges.parquet', 'select i, i::varchar as s from range(100000) t(i)', 'row_group_size 20480'),
    );
    await readAll(source);
    const [footer, ...groups] = source.ranges;
    assert.equal(footer?.end, source.sizeBytes);
    assert.equal(groups.length, 5);
    for (const [i, group] of groups.entries()) assert.ok(group.start >= (groups[i - 1]?.end ?? 4), 'ascending');
  });

  test('a row group above the range limit is read in windows, with the same rows', async () => {
    const path = await duck.write(
      'windows.parquet',
      `select i, md5(i::varchar) as s, [i] as l from range(200000) t(i)`,
      'row_group_size 200000',
    );
    const source = await sourceOf(path);
    const whole = await readAll(await sourceOf(path));
    const windowed = await readAll(source, { open: { limits: { maxRangeBytes: 1_000_000 } } });
    assert.deepEqual(windowed.rows, whole.rows);
    assert.ok(source.ranges.length > 3, `read in ${source.ranges.length} ranges`);
  });
});
