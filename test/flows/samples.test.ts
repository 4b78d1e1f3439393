import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { ColumnType } from '../../src/db/column-type.ts';
import { quoteIdentifier } from '../../src/db/identifier.ts';
import { verifyFile } from '../../src/ingest/verify/verify-file.ts';
import { Duck } from '../parquet/duckdb.ts';
import { samples, withoutSamples } from '../parquet/samples.ts';
import { openScene, type Scene } from '../support/scene.ts';

/** Nested columns: jsonb has its own spelling; test/parquet compares their values one by one. */
const nested: Readonly<Record<string, readonly number[]>> = {
  'datapage_v2.snappy.parquet': [4],
  'incorrect_map_schema.parquet': [0],
  'list_columns.parquet': [0, 1],
  'nested_maps.snappy.parquet': [0],
  'null_list.parquet': [0],
  'nulls.snappy.parquet': [0],
};
/** DuckDB reads INT96 as nanoseconds, which overflow, and refuses a map of keys alone: verified by ourselves only. */
const unreadable = new Set(['int96_from_spark.parquet', 'map_no_value.parquet']);
const ragged = 'legacy-csv/test_cur.csv.gz';

interface LoadedFile {
  readonly id: string;
  readonly key: string;
  readonly status: string;
  readonly code: string | null;
  readonly text: string | null;
  readonly rows: string | null;
  readonly export: string;
  readonly table: string;
}

describe('files that others wrote, through the whole ingest', { skip: withoutSamples, timeout: 240_000 }, () => {
  let scene: Scene;
  let duck: Duck;
  let client: pg.Client;
  let clients = 0;
  before(async () => {
    scene = await openScene();
    duck = await Duck.open();
    client = new pg.Client({ connectionString: scene.databaseUrl, options: '-c TimeZone=UTC -c DateStyle=ISO,YMD' });
    await client.connect();
  });
  after(async () => {
    await client.end();
    await duck[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  async function ingest(objects: ReadonlyMap<string, string>, kind?: 'files'): Promise<readonly LoadedFile[]> {
    const name = `client_${clients++}`;
    const { bucket } = await scene.addClient(name);
    for (const [key, path] of objects) await scene.put(bucket, key, await readFile(path));
    await scene.discover(name, { from: '2015-01', ...(kind && { kind }) });
    await scene.drain();
    return scene.query<LoadedFile>(
      `select f.id, f.key, f.status::text as status, f.error_code as code, f.error_text as text, f.rows, d.export_id as export,
              (select format('%I.%I', t.schema_name, t.table_name) from billvault.delivery_table t where t.delivery_id = d.id) as table
         from registry.file f join registry.delivery d on d.id = f.delivery_id join registry.export e on e.id = d.export_id
         join registry.client c on c.id = e.client_id where c.name = $1 order by f.key`,
      [name],
    );
  }

  /** Every row and cell that the database holds of a file, against DuckDB's reading of the same file. */
  async function compare(file: LoadedFile, path: string, except?: readonly number[]): Promise<number> {
    const source = path.endsWith('.parquet')
      ? `read_parquet('${path}', file_row_number = true)`
      : await csvSource(path);
    const names = path.endsWith('.parquet')
      ? (await duck.columnNames(source)).filter((name) => name !== 'file_row_number')
      : await csvNames(path);
    const columns = await placesOf(file, names);
    const text = duck.path('from-postgres.txt');
    const list = ['_row', ...columns.map(({ name }) => quoteIdentifier(name))].join(', ');
    const dump = client.query(
      copyTo(`copy (select ${list} from ${file.table} where _file_id = ${file.id} order by _row) to stdout`),
    );
    await pipeline(dump, createWriteStream(text));
    const sourceColumns = columns.map(({ name, type }) => ({ name, type }));
    const { rows, compared } = await duck.compareText({
      text,
      source,
      columns: sourceColumns,
      except: new Set(except),
    });
    assert.equal(String(rows), file.rows);
    return compared;
  }

  /** The columns of a header, in its order, as the raw table has them. */
  async function placesOf(file: LoadedFile, names: readonly string[]) {
    const known = await scene.query<{ source: string; occurrence: number; name: string; type: ColumnType }>(
      `select source_name as source, occurrence, column_name as name, column_type as type from billvault.raw_column where export_id = $1`,
      [file.export],
    );
    const seen = new Map<string, number>();
    return names.map((source) => {
      const occurrence = (seen.get(source) ?? 0) + 1;
      seen.set(source, occurrence);
      const column = known.find((one) => one.source === source && one.occurrence === occurrence);
      if (column === undefined) throw new Error(`${file.key}: no column for ${JSON.stringify(source)}`);
      return column;
    });
  }

  const csvOptions = `header = false, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, parallel = false`;

  async function csvNames(path: string): Promise<readonly string[]> {
    // Of one column, the line is the cell: nothing is split, and the names are taken apart by the rules of CSV.
    const [[line] = []] = await duck.query(
      `select c from read_csv('${path}', columns = {'c': 'varchar'}, header = false, auto_detect = false, delim = '\\x01', quote = '', escape = '') limit 1`,
    );
    return [
      ...String(line)
        .replace(/^\uFEFF/, '')
        .matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g),
    ]
      .slice(0, -1)
      .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
  }

  async function csvSource(path: string): Promise<string> {
    const columns = (await csvNames(path)).map((_, i) => `'c${i}': 'varchar'`).join(', ');
    return `(select *, row_number() over () - 1 as file_row_number
      from read_csv('${path}', columns = {${columns}}, skip = 1, ${csvOptions}))`;
  }

  const folders = ['csv-torture', 'legacy-csv', 'focus', 'legacy-parquet', 'parquet-good'];
  test('every file of every kind: all rows and cells as DuckDB reads them, or a clear refusal', async (t) => {
    for (const folder of folders) {
      for (const name of await readdir(join(samples, folder))) {
        const path = join(samples, folder, name);
        if (!/\.(csv|csv\.gz|parquet)$/.test(name) || `${folder}/${name}` === ragged) continue;
        await t.test(`${folder}/${name}`, async () => {
          const [file] = await ingest(new Map([[`bills/2018-10/${name}`, path]]), 'files');
          assert.deepEqual([file?.status, file?.text], ['INGESTED', null]);
          if (file === undefined) return;
          if (unreadable.has(name)) {
            assert.equal((await verifyFile(scene.context, { fileId: Number(file.id) })).ok, true);
            return;
          }
          const compared = await compare(file, path, nested[name]);
          if (folder === 'legacy-parquet') assert.ok(compared > 14_000_000);
        });
      }
    }
  });

  test('a ragged file is refused with file, line and what is missing', async () => {
    const [file] = await ingest(new Map([['bills/2018-10/test_cur.csv.gz', join(samples, ragged)]]), 'files');
    assert.deepEqual([file?.status, file?.code], ['FAILED', 'CSV_RAGGED']);
    assert.match(
      file?.text ?? '',
      /test_cur\.csv\.gz, line 2 has 130 cells, the header names 131 \(the first without a value: "costCategory\/CostCenter"/,
    );
  });

  test('four months of whole deliveries with their manifests, tags and all', async () => {
    const folder = join(samples, 'legacy-delivery');
    const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(json|gz)$/.test(name));
    const files = await ingest(new Map(names.map((name) => [`p/${name}`, join(folder, name)])));
    assert.equal(files.length, 4);
    for (const file of files) await compare(file, join(folder, file.key.slice(2)));
    assert.equal(
      files.reduce((sum, { rows }) => sum + Number(rows), 0),
      66_792,
    );
  });

  test('a bucket tree whose manifest names no bucket comes in as the delivery that it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'billvault-samples-'));
    try {
      const archive = join(samples, 'legacy-csv', 'test_local_bucket_prefix.tar.gz');
      await promisify(execFile)('tar', ['xzf', archive, '-C', folder], { timeout: 20_000 });
      const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(json|gz)$/.test(name));
      const files = await ingest(new Map(names.map((name) => [name, join(folder, name)])));
      assert.deepEqual(
        files.map(({ status, text }) => [status, text]),
        [['INGESTED', null]],
      );
      for (const file of files) await compare(file, join(folder, file.key));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
