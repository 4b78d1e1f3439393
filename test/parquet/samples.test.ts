import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readAll } from './copy-text.ts';
import { Duck } from './duckdb.ts';
import { sourceOf } from './file-source.ts';
import { samples, withoutSamples } from './samples.ts';

describe('real parquet files', { skip: withoutSamples }, () => {
  let duck: Duck;
  before(async () => {
    duck = await Duck.open();
  });
  after(async () => {
    await duck[Symbol.asyncDispose]();
  });

  test("every cell of AWS's own legacy reports equals DuckDB's reading", async () => {
    const folder = join(samples, 'legacy-parquet');
    let cells = 0;
    for (const name of await readdir(folder)) cells += await duck.compare(join(folder, name));
    assert.equal(cells, 119_307 * 124 + 124_340 * 126);
  });

  /** Nested columns, compared below value by value. */
  const nested: Readonly<Record<string, readonly number[]>> = {
    'datapage_v2.snappy.parquet': [4],
    'incorrect_map_schema.parquet': [0],
    'list_columns.parquet': [0, 1],
    'nested_maps.snappy.parquet': [0],
    'null_list.parquet': [0],
    'nulls.snappy.parquet': [0],
  };
  /** DuckDB reads INT96 as nanoseconds, which overflow, and refuses a map of keys alone. */
  const unreadable = new Set(['int96_from_spark.parquet', 'map_no_value.parquet']);

  test("every flat cell of every encoding, codec and decimal sample equals DuckDB's reading", async () => {
    const folder = join(samples, 'parquet-good');
    for (const name of await readdir(folder)) {
      if (unreadable.has(name)) continue;
      await duck.compare(join(folder, name), { except: new Set(nested[name]) });
    }
  });

  const read = async (name: string) => (await readAll(await sourceOf(join(samples, 'parquet-good', name)))).rows;

  test('lists, maps and structs come out whole, nulls within and around them told apart', async () => {
    assert.deepEqual(await read('list_columns.parquet'), [
      ['[1,2,3]', '["abc","efg","hij"]'],
      ['[null,1]', null],
      ['[4]', '["efg",null,"hij","xyz"]'],
    ]);
    assert.deepEqual(
      (await read('datapage_v2.snappy.parquet')).map((row) => row[4]),
      ['[1,2,3]', null, null, '[1,2,3]', '[1,2]'],
    );
    assert.deepEqual(
      (await read('nested_maps.snappy.parquet')).map((row) => row[0]),
      [
        '{"a":[[1,true],[2,false]]}',
        '{"b":[[1,true]]}',
        '{"c":null}',
        '{"d":[]}',
        '{"e":[[1,true]]}',
        '{"f":[[3,true],[4,false],[5,true]]}',
      ],
    );
    assert.deepEqual((await read('nulls.snappy.parquet'))[7], ['{"b_c_int":null}']);
    assert.deepEqual(await read('null_list.parquet'), [['[]']]);
    assert.deepEqual((await read('map_no_value.parquet'))[0], [
      '[[1,null],[2,null],[3,null]]',
      '[[1,null],[2,null],[3,null]]',
      '[1,2,3]',
    ]);
    assert.deepEqual(await read('incorrect_map_schema.parquet'), [['{"parent":"another","name":"report"}']]);
  });

  test('INT96 is read as Spark wrote it, its wrapped sum of the year 290000 too', async () => {
    assert.deepEqual((await read('int96_from_spark.parquet')).flat(), [
      '2024-01-01 20:34:56.123456',
      '2024-01-01 01:00:00',
      '9999-12-31 03:00:00',
      '2024-12-30 23:00:00',
      null,
      '290000-12-30 23:00:00',
    ]);
  });

  test('half floats keep their NaN and their signed zeros', async () => {
    const rows = await read('float16_nonzeros_and_nans.parquet');
    assert.deepEqual(rows.flat(), [null, '1', '-2', 'NaN', '0', '-1', '-0', '2']);
  });
});
