import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { copyOut } from '../../../src/db/copy-out.ts';
import { createPool, withConnection } from '../../../src/db/pool.ts';
import type { WriterColumn } from '../../../src/parquet/write/column.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { Duck } from '../duckdb.ts';
import { column, decimal, fileOf, readPart, writeHere } from './parts.ts';

let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await openTestDatabase();
  pool = createPool({ url: database.url, max: 2, applicationName: 'billvault-test' });
});

after(async () => {
  await pool.end();
  await database.drop();
});

async function copied(select: string): Promise<Buffer> {
  return withConnection(pool, async (client) => {
    const chunks: Buffer[] = [];
    const options = { statement: `copy (${select}) to stdout`, subject: 'a test' };
    for await (const chunk of copyOut(client, options)) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
}

interface Stored {
  readonly of: WriterColumn;
  /** The type in PostgreSQL. */
  readonly type: string;
  readonly values: readonly string[];
  /** An expression over `i` for rows by the hundred. */
  readonly many: string;
  /** Values that go to the column of texts. */
  readonly spilled: number;
}

const native: readonly Stored[] = [
  { of: column('bool', 'boolean'), type: 'boolean', values: ['true', 'false'], many: 'i % 3 = 0', spilled: 0 },
  { of: column('small', 'int2'), type: 'smallint', values: ['-32768', '32767', '0'], many: 'i', spilled: 0 },
  {
    of: column('whole', 'int4'),
    type: 'integer',
    values: ['-2147483648', '2147483647'],
    many: 'i * 104729',
    spilled: 0,
  },
  {
    of: column('big', 'int8'),
    type: 'bigint',
    values: ['-9223372036854775808', '9223372036854775807', '9007199254740993', '-9007199254740993'],
    many: 'i * 9223372036854775::bigint',
    spilled: 0,
  },
  {
    of: column('real', 'float4'),
    type: 'real',
    values: [
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '3.4028235e+38',
      '1e-45',
      '1.1754942e-38',
      '1e-05',
      '0.0001',
      '1e6',
      '999999',
      '16777217',
    ],
    many: '(random() * 10 ^ (i % 70 - 35))::real',
    spilled: 0,
  },
  {
    of: column('double', 'float8'),
    type: 'double precision',
    values: [
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '5e-324',
      '2.2250738585072014e-308',
      '1e22',
      '1e-5',
      '0.0001',
      '1e15',
      '999999999999999',
      '1.7976931348623157e308',
      '0.1',
      '9007199254740993',
    ],
    many: 'random() * 10::float8 ^ (i % 300 - 290)',
    spilled: 0,
  },
  {
    of: column('id', 'uuid'),
    type: 'uuid',
    values: ['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'],
    many: 'gen_random_uuid()',
    spilled: 0,
  },
  {
    of: column('bytes', 'bytea'),
    type: 'bytea',
    values: ['', '\\x00', '\\x5c78', '\\xff00ff'],
    many: "decode(md5(i::text), 'hex')",
    spilled: 0,
  },
  {
    of: column('words', 'text'),
    type: 'text',
    values: ['', '\\N', '\\', '\\.', 'a\tb\nc\rd\be\ff\vg', '\x01\x1f\x7f', 'é€😀', 'NULL', '"quoted", \'text\''],
    many: "repeat('word ' || i, i % 7)",
    spilled: 0,
  },
  {
    of: column('document', 'json'),
    type: 'json',
    values: ['{"a" : 1, "a": 2}', ' null ', '1e400', '"\\u00e9\\n"', '[ ]'],
    many: `json_build_object('i', i, 'text', 'line' || chr(10))`,
    spilled: 0,
  },
  {
    of: column('binary document', 'json'),
    type: 'jsonb',
    values: ['{"b":1,"a":1.10}'],
    many: `jsonb_build_object('i', i)`,
    spilled: 0,
  },
  {
    of: column('day', 'date'),
    type: 'date',
    values: [
      'infinity',
      '-infinity',
      '0044-03-15 BC',
      '0001-01-01',
      '9999-12-31',
      '10000-01-01',
      '5874897-12-31',
      '2000-02-29',
      '4714-11-24 BC',
    ],
    many: "'0001-01-01'::date + i * 3651",
    spilled: 6,
  },
  {
    of: column('local', 'timestamp'),
    type: 'timestamp',
    values: [
      'infinity',
      '-infinity',
      '0044-03-15 12:00 BC',
      '294276-12-31 23:59:59.999999',
      '9999-12-31 23:59:59.999999',
      '0001-01-01 00:00:00',
      '2016-12-31 23:59:60',
      '2024-01-01 24:00:00',
      '1969-12-31 23:59:59.999999',
    ],
    many: "'0001-01-01'::timestamp + i * interval '3651 days 7 hours 0.12345 seconds'",
    spilled: 4,
  },
  {
    of: column('at', 'timestamptz'),
    type: 'timestamptz',
    values: [
      'infinity',
      '-infinity',
      '4714-11-24 00:00:00+00 BC',
      '294276-12-31 23:59:59.999999+00',
      '9999-12-31 23:59:59.999999+00',
      '2024-06-30 23:59:59.5+02',
      '1883-11-18 12:00:00 America/New_York',
    ],
    many: "'1600-01-01'::timestamptz + i * interval '0.100001 seconds'",
    spilled: 4,
  },
  {
    of: decimal('money', 18, 6),
    type: 'numeric(18,6)',
    values: ['NaN', '0', '-0.000001', '999999999999.999999', '-999999999999.999999', '1e-6'],
    many: '(i * 1234.567891)::numeric(18,6)',
    spilled: 1,
  },
  {
    of: decimal('price', 9, 4),
    type: 'numeric(9,4)',
    values: ['NaN', '99999.9999', '-99999.9999', '0'],
    many: 'i / 7.0',
    spilled: 1,
  },
  {
    of: decimal('huge', 38, 10),
    type: 'numeric(38,10)',
    values: [
      'NaN',
      '9999999999999999999999999999.9999999999',
      '-9999999999999999999999999999.9999999999',
      '0',
      '-1e-10',
    ],
    many: '(i * 12345678901234567890.0123456789)::numeric(38,10)',
    spilled: 1,
  },
  {
    of: decimal('count', 38, 0),
    type: 'numeric(38,0)',
    values: [`${'9'.repeat(38)}`, '0', '-1'],
    many: 'i',
    spilled: 0,
  },
];

const micros = (name: string): string =>
  `case when not isfinite(${quoted(name)}) then '' else floor(extract(epoch from ${quoted(name)}) * 1000000)::text end`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const quoted = (name: string): string => `"${name}"`;

/** One row a value, the other columns NULL; then rows with all columns; then NULLs. */
async function fill(table: string, columns: readonly Stored[], many: number): Promise<void> {
  await pool.query(
    `create table ${table} (n bigserial, ${columns.map(({ of, type }) => `${quoted(of.name)} ${type}`)})`,
  );
  await pool.query('set standard_conforming_strings = on');
  for (const { of, type, values } of columns) {
    const rows = values.map((value) => `(${literal(value)}::${type})`);
    await pool.query(`insert into ${table} (${quoted(of.name)}) values ${rows.join(', ')}`);
  }
  await pool.query(`insert into ${table} (${columns.map(({ of }) => quoted(of.name))})
    select ${columns.map(({ many }) => many)} from generate_series(1, ${many}) i`);
  await pool.query(`insert into ${table} default values`);
}

const selected = (table: string, columns: readonly Stored[]): string =>
  `select ${columns.map(({ of }) => quoted(of.name))} from ${table} order by n`;

describe('lines that a real server printed', () => {
  test('every native type comes back byte for byte, and only what no native column holds is kept as text', async () => {
    await fill('native', native, 700);
    const lines = await copied(selected('native', native));
    const part = writeHere(
      native.map(({ of }) => of),
      lines,
    );
    const file = fileOf(part);
    assert.equal((await readPart(file)).toString(), lines.toString());
    await using duck = await Duck.open();
    const path = duck.path('native.parquet');
    await writeFile(path, file);
    for (const { of, spilled } of native) {
      const spill = part.spills[of.name];
      assert.equal(spill !== undefined, spilled > 0, of.name);
      if (spill === undefined) continue;
      assert.deepEqual(await duck.query(`select count(${quoted(spill)}) from '${path}'`), [[BigInt(spilled)]], of.name);
    }
  });

  test('fields of some columns are those fields of the lines, in the order asked for', async () => {
    await fill('chosen', native, 50);
    const file = fileOf(
      writeHere(
        native.map(({ of }) => of),
        await copied(selected('chosen', native)),
      ),
    );
    const wanted = native.filter((_, index) => index % 3 === 1).reverse();
    const lines = await readPart(
      file,
      wanted.map(({ of }) => of.name),
    );
    assert.equal(lines.toString(), (await copied(selected('chosen', wanted))).toString());
  });

  test("a type of no kind of ours is stored as the server's own text", async () => {
    const values = [
      `'{[0:1]={1,2}}'::text`,
      `'[0:1]={1,2}'::int[]`,
      `'{"a\\\\b",NULL,"NULL"}'::text[]`,
      `'-1 year 2 mons -3 days 04:05:06.000007'::interval`,
      `'23:59:60+15:59:59'::timetz`,
      `'24:00'::time`,
      `'[1,5)'::int4range`,
      `'{[1,3),[5,7)}'::int4multirange`,
      `'192.168.0.1/24'::inet`,
      `'$-1,234.50'::money`,
      `B'0101'::bit varying`,
      `'a b'::bpchar(9)`,
      `'fat:1A cat:2'::tsvector`,
      `row(1, 'a,b', null)::record`,
      `'(1.5,-2)'::point`,
      `'1.10'::numeric`,
      `'Infinity'::numeric`,
      `'<a>x</a>'::xml`,
      `'16/B374D848'::pg_lsn`,
    ];
    const lines = await copied(`select ${values.join(', ')} from generate_series(1, 3)`);
    const columns = values.map((_, index) => column(`c${index}`, 'canonical'));
    const part = writeHere(columns, lines);
    assert.deepEqual(part.spills, {});
    assert.equal((await readPart(fileOf(part))).toString(), lines.toString());
  });
});

describe('what DuckDB reads of a part', () => {
  /** PostgreSQL's and DuckDB's own expression for one text of the value. */
  const texts: Readonly<Record<string, { readonly postgres?: string; readonly duck?: string }>> = {
    bytes: { postgres: `upper(encode(bytes, 'hex'))`, duck: 'hex(bytes)' },
    at: { postgres: micros('at'), duck: 'epoch_us("at")::varchar' },
    local: {
      postgres: micros('local'),
      duck: 'epoch_us("local")::varchar',
    },
    real: { postgres: 'encode(float4send("real"), \'hex\')', duck: '' },
    double: { postgres: '', duck: '' },
  };

  for (const { of, spilled } of native) {
    const { name } = of;
    const { postgres = `${quoted(name)}::text`, duck: expression = `${quoted(name)}::varchar` } = texts[name] ?? {};
    if (expression === '') continue;
    test(`${name}: the values that PostgreSQL has, and NULL where a text stands beside`, async () => {
      const stored = native.filter((one) => one.of.name === name);
      const table = `one_${native.findIndex((one) => one.of.name === name)}`;
      await fill(table, stored, 200);
      const part = writeHere([of], await copied(selected(table, stored)));
      await using duck = await Duck.open();
      const path = duck.path('one.parquet');
      await writeFile(path, fileOf(part));
      const theirs = await duck.query(`select ${expression} from read_parquet('${path}')`);
      const { rows } = await pool.query<[string | null]>({
        text: `select ${postgres} from ${table} order by n`,
        rowMode: 'array',
      });
      const differing = theirs.filter(([value], index) => value !== rows[index]?.[0]);
      assert.equal(theirs.length, rows.length);
      assert.equal(differing.length, spilled);
      assert.ok(differing.every(([value]) => value === null));
    });
  }

  test('floating-point numbers, bit by bit', async () => {
    const floats = native.filter(({ of }) => of.name === 'real' || of.name === 'double');
    await fill('floats', floats, 500);
    const part = writeHere(
      floats.map(({ of }) => of),
      await copied(selected('floats', floats)),
    );
    await using duck = await Duck.open();
    const path = duck.path('floats.parquet');
    await writeFile(path, fileOf(part));
    const theirs = await duck.query(`select "real", "double" from '${path}'`);
    const { rows } = await pool.query(`select "real", "double" from floats order by n`);
    const ours = rows.map((row: { real: number | null; double: number | null }) => [
      row.real === null ? null : Math.fround(row.real),
      row.double,
    ]);
    assert.deepEqual(theirs, ours);
  });

  test('row groups that its bounds rule out are not among the answers, and no others are missing', async () => {
    const columns = [column('n', 'int8'), column('at', 'timestamptz'), decimal('amount', 18, 6), column('who', 'text')];
    const rows = 300_000;
    const lines = await copied(`select i, '2024-01-01'::timestamptz + i * interval '1 minute', (i / 7.0)::numeric(18,6),
      'account é ' || i from generate_series(-1000, ${rows}) i`);
    await using duck = await Duck.open();
    const path = duck.path('bounds.parquet');
    await writeFile(path, fileOf(writeHere(columns, lines)));
    const answer = async (where: string) => (await duck.query(`select count(*) from '${path}' where ${where}`))[0]?.[0];
    assert.equal(await answer(`n between -5 and 4`), 10n);
    assert.equal(await answer(`n >= ${rows - 9}`), 10n);
    assert.equal(await answer(`"at" < timestamptz '2024-01-01 00:00:00+00'`), 1000n);
    assert.equal(await answer('amount < 0'), 1000n);
    assert.equal(await answer(`who = 'account é ${rows}'`), 1n);
    assert.equal(await answer(`who = 'account é -1'`), 1n);
    const groups = await duck.query(`select count(*) from parquet_metadata('${path}') where path_in_schema = 'n'`);
    assert.deepEqual(groups, [[3n]]);
  });
});
