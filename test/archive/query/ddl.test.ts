import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Layout, partKey } from '../../../src/archive/export/object-key.ts';
import { type ArchiveDdlRequest, archiveDdl } from '../../../src/archive/query/ddl.ts';
import type { ColumnDefinition, TableDefinition } from '../../../src/archive/source/table-definition.ts';
import { writerColumns } from '../../../src/archive/source/writer-columns.ts';
import { isAppError } from '../../../src/errors.ts';
import { openPartWriter } from '../../../src/parquet/write/part-writer.ts';
import { definition as bare } from '../manifest/made-manifest.ts';
import { definition as ledger, madeLines } from '../offline/made-archive.ts';

/** A column of one of PostgreSQL's own types. */
function column(name: string, typeName: string, type = typeName, typmod = -1): ColumnDefinition {
  const [first] = bare.columns;
  assert.ok(first);
  return { ...first, name, type, typeName: `pg_catalog.${typeName}`, typmod };
}

const everyType: TableDefinition = {
  ...bare,
  schema: 'public',
  table: 'every type',
  columns: [
    column('is_paid', 'bool', 'boolean'),
    column('small', 'int2', 'smallint'),
    column('whole', 'int4', 'integer'),
    column('large', 'int8', 'bigint'),
    column('single', 'float4', 'real'),
    column('twice', 'float8', 'double precision'),
    column('amount', 'numeric', 'numeric(38,9)', ((38 << 16) | 9) + 4),
    column('any_number', 'numeric'),
    column('day', 'date'),
    column('local_at', 'timestamp', 'timestamp without time zone'),
    column('at', 'timestamptz', 'timestamp with time zone'),
    column('id', 'uuid'),
    column('raw', 'bytea'),
    column('note', 'text'),
    column('body', 'jsonb'),
    column('span', 'interval'),
  ],
};

class Lake implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'billvault-query-'));
  readonly connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.connection = connection;
  }

  static async open(): Promise<Lake> {
    return new Lake(await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect());
  }

  /** Writes a part where the archive would. */
  async put(definition: TableDefinition, layout: Layout, month: string, lines: string, ordinal = 1) {
    await using writer = openPartWriter({
      columns: writerColumns(definition),
      compression: { codec: 'zstd', level: 3 },
    });
    await writer.write(Buffer.from(lines));
    const { chunks, spills, sha256 } = await writer.finish(new Map());
    const { schema, table } = definition;
    const key = partKey({ prefix: 'arch*ive', layout, source: 'shop', schema, table, month, ordinal, sha256 });
    await this.write(key, Buffer.concat(chunks));
    return spills;
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.folder, key)), { recursive: true });
    await writeFile(join(this.folder, key), bytes);
  }

  /** Runs what is printed, over the folder instead of the bucket. */
  async define(request: Pick<ArchiveDdlRequest, 'definition' | 'layout' | 'spills'>): Promise<void> {
    const destination = { bucket: 'acme', prefix: 'arch*ive', root: this.folder };
    await this.connection.run(archiveDdl({ ...request, dialect: 'duckdb', destination, source: 'shop' }));
  }

  async query(sql: string): Promise<unknown> {
    return (await this.connection.runAndReadAll(sql)).getRowsJson();
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const destination = { bucket: 'acme-archive', prefix: "it's/archive" };

suite('archive ddl', () => {
  for (const layout of ['hive', 'flat'] as const) {
    test(`DuckDB reads an archive where it lies, month by month (${layout})`, async () => {
      using lake = await Lake.open();
      const spills = await lake.put(ledger, layout, '2026-01', madeLines('2026-01', 30));
      await lake.put(ledger, layout, '2026-01', madeLines('2026-01', 2, 900), 2);
      await lake.put(ledger, layout, '2026-02', madeLines('2026-02', 3));
      const others = { ...ledger, table: 'ledger_of_others' };
      await lake.put(others, layout, '2026-01', madeLines('2026-01', 5));
      await lake.write('arch*ive/2026/01/manifest.json', Buffer.from('{}'));
      await lake.define({ definition: ledger, layout, spills });
      assert.deepEqual(
        await lake.query(
          'select year, month, count(*), sum(amount)::varchar from public.ledger group by all order by all',
        ),
        [
          ['2026', '01', '32', '2222.00'],
          ['2026', '02', '3', '7.50'],
        ],
      );
      assert.deepEqual(
        await lake.query(
          "select id, amount, amount__text, note from public.ledger where id = 4 or at__text = 'infinity' and id = 6 order by id",
        ),
        [
          ['4', null, 'NaN', null],
          ['6', '6.50', null, 'row\t6'],
        ],
      );
    });
  }

  test('DuckDB reads months from before a column was added, and columns named as the folders are', async () => {
    using lake = await Lake.open();
    const before = { ...ledger, columns: [column('id', 'int8'), column('month', 'text')] };
    const after = { ...ledger, columns: [...before.columns, column('Year', 'int4'), column('archive_path', 'text')] };
    await lake.put(before, 'hive', '2025-12', '1\tmay\n');
    await lake.put(after, 'hive', '2026-01', '2\tjune\t7\tp\n');
    await lake.define({ definition: after, layout: 'hive' });
    const rows = await lake.query(
      'select id, month, "Year", archive_path, archive_year, archive_month from public.ledger order by id',
    );
    assert.deepEqual(rows, [
      ['1', 'may', null, null, '2025', '12'],
      ['2', 'june', 7, 'p', '2026', '01'],
    ]);
  });

  test('DuckDB reads every native type as what it is', async () => {
    using lake = await Lake.open();
    const line =
      't\t-1\t2\t3\t0.5\t0.25\t1.000000001\t1e400\t2026-01-02\t2026-01-02 03:04:05.678901\t2026-01-02 03:04:05.678901+00\t' +
      '0123abcd-0000-4000-8000-000000000000\t\\\\x00ff\tx\t{"a": 1}\t1 mon\n';
    await lake.put(everyType, 'hive', '2026-01', line);
    await lake.define({ definition: everyType, layout: 'hive' });
    const described = (await lake.query('describe public."every type"')) as string[][];
    assert.deepEqual(
      described.map(([name, type]) => `${name} ${type}`),
      [
        'is_paid BOOLEAN',
        'small SMALLINT',
        'whole INTEGER',
        'large BIGINT',
        'single FLOAT',
        'twice DOUBLE',
        'amount DECIMAL(38,9)',
        'any_number VARCHAR',
        'day DATE',
        'local_at TIMESTAMP',
        'at TIMESTAMP WITH TIME ZONE',
        'id UUID',
        'raw BLOB',
        'note VARCHAR',
        'body JSON',
        'span VARCHAR',
        'month VARCHAR',
        'year VARCHAR',
      ],
    );
  });

  test('Athena gets types that it reads, partitions that it works out, and names quoted', () => {
    const columns = [...everyType.columns, column('Note', 'text'), column('mo`nth', 'text'), column('year', 'int4')];
    const text = archiveDdl({
      dialect: 'athena',
      destination,
      source: 'shop',
      definition: { ...everyType, columns },
      layout: 'hive',
      spills: { day: 'day__text' },
      years: { from: 2024, to: 2036 },
    });
    for (const line of [
      '-- where day__text is not null, it holds the value of day, which has no such value as its type',
      '-- the column "Note" differs from another one in case alone: it is not readable here',
      'create external table if not exists `public`.`every type` (',
      "  `is_paid` boolean comment 'boolean',",
      "  `small` smallint comment 'smallint',",
      "  `whole` int comment 'integer',",
      "  `single` float comment 'real',",
      "  `amount` decimal(38,9) comment 'numeric(38,9)',",
      "  `any_number` string comment 'numeric',",
      "  `day` date comment 'date',",
      "  `at` timestamp comment 'timestamp with time zone',",
      "  `id` binary comment 'uuid',",
      "  `raw` binary comment 'bytea',",
      "  `body` string comment 'jsonb',",
      "  `mo``nth` string comment 'text',",
      '  `day__text` string',
      'partitioned by (`archive_year` string, `month` string)',
      "location 's3://acme-archive/it\\'s/archive/shop/public.every%20type/'",
      "  'projection.archive_year.range' = '2024,2036',",
      "  'projection.month.digits' = '2',",
      `  'storage.location.template' = 's3://acme-archive/it\\'s/archive/shop/public.every%20type/year=\${archive_year}/month=\${month}/'`,
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\nin\n${text}`);
    }
    assert.ok(!text.includes("`note` string comment 'text',\n  `note`"));
  });

  test('Trino gets its own types, and months by name or one by one', () => {
    const request = { dialect: 'trino', destination, source: 'shop', layout: 'hive' } as const;
    const text = archiveDdl({ ...request, definition: everyType });
    for (const line of [
      'create table if not exists hive."public"."every type" (',
      '  "single" real,',
      '  "amount" decimal(38, 9),',
      '  "id" varbinary,',
      '  "at" timestamp,',
      '  "month" varchar',
      "  external_location = 's3://acme-archive/it''s/archive/shop/public.every%20type/',",
      "  partitioned_by = array['year', 'month']",
      "call hive.system.sync_partition_metadata('public', 'every type', 'ADD');",
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\nin\n${text}`);
    }
    const withYear = { ...everyType, columns: [column('year', 'int4')] };
    assert.match(archiveDdl({ ...request, definition: withYear }), /register_partition.*'archive_year', 'month'/);
  });

  test('a name cannot get out of its place', () => {
    const name = 'x"; drop table y; --\n`\'';
    const definition = {
      ...everyType,
      table: name,
      columns: [column(name, 'text'), column(name.toUpperCase(), 'text')],
    };
    for (const dialect of ['athena', 'trino', 'duckdb'] as const) {
      const text = archiveDdl({ dialect, destination, source: 'shop', definition, layout: 'hive' });
      const comments = text.split('\n').filter((line) => line.startsWith('--'));
      assert.ok(comments.length >= 3);
      assert.ok(!text.startsWith('\n'));
      assert.ok(text.includes(dialect === 'athena' ? '`x"; drop table y; --\n``\'`' : '"x""; drop table y; --\n`\'"'));
      assert.ok(
        comments.every((line) => !line.endsWith('drop table y; --') || line.includes('\\u000a')),
        text,
      );
    }
  });

  test('in the layout "flat" tables share folders, which only DuckDB can tell apart', () => {
    for (const dialect of ['athena', 'trino'] as const) {
      assert.throws(
        () => archiveDdl({ dialect, destination, source: 'shop', definition: everyType, layout: 'flat' }),
        (error) => isAppError(error, 'BAD_INPUT'),
      );
    }
  });
});
