import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type pg from 'pg';
import { type KeyOrder, keyOrder } from '../../../src/archive/source/key-order.ts';
import { lineKey } from '../../../src/archive/source/line-key.ts';
import { deleteRange, selectRange } from '../../../src/archive/source/range-statements.ts';
import { inSnapshot, inSourceTransaction } from '../../../src/archive/source/source-transaction.ts';
import { readDefinition, type TableDefinition } from '../../../src/archive/source/table-definition.ts';
import { quoteIdentifier } from '../../../src/db/identifier.ts';
import { linesOf, openTestSource, type TestSource } from './source-database.ts';

const month = '2024-03';

/** Few times and many rows: most rows share their time with others, and some lie just outside the month. */
const times = [
  '2024-02-29 23:59:59.999999+00',
  '2024-03-01 00:00:00+00',
  '2024-03-01 00:00:00.000001+00',
  '2024-03-10 01:59:59.999999-05',
  '2024-03-10 03:00:00-04',
  '2024-03-31 02:30:00+02',
  '2024-03-31 23:59:59.999999+00',
  '2024-04-01 00:00:00+00',
  'infinity',
  '-infinity',
];

interface KeyCase {
  readonly name: string;
  /** Of the time column `at`. */
  readonly timeType: string;
  /** Columns besides it. */
  readonly columns: string;
  readonly constraint: string;
  /** Texts of the columns of one row. */
  readonly row: fc.Arbitrary<readonly string[]>;
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'A',
    'ä',
    'Ä',
    'a ',
    'ss',
    'ß',
    '-',
    '\t',
    '\n',
    '\\',
    '\\N',
    "'",
    '"',
    '\u{10ffff}',
    'z',
    'Z',
    '10',
    '9',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }).map((value) => value.replaceAll('\0', '')),
);
const small = fc.integer({ min: -3, max: 3 }).map(String);
const number = fc.constantFrom(
  '0',
  '-0.00',
  '1.10',
  '1.1000001',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e30',
  '-5',
  '5e-20',
);
const float = fc.constantFrom(
  '0',
  '1.1',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e300',
  '-5',
  '5e-324',
  '0.30000000000000004',
);

const cases: readonly KeyCase[] = [
  { name: 'text', timeType: 'timestamptz', columns: 'k text', constraint: 'primary key (k, at)', row: fc.tuple(text) },
  {
    name: 'text in an ICU collation',
    timeType: 'timestamptz',
    columns: 'k text collate "und-x-icu"',
    constraint: 'primary key (at, k)',
    row: fc.tuple(text),
  },
  {
    name: 'text in a collation that takes different texts for equal',
    timeType: 'timestamptz',
    columns: 'k text collate public.folding',
    constraint: 'primary key (k, at)',
    row: fc.tuple(text),
  },
  {
    name: 'uuid alone',
    timeType: 'timestamp',
    columns: 'k uuid',
    constraint: 'primary key (k)',
    row: fc.tuple(fc.uuid()),
  },
  {
    name: 'numeric',
    timeType: 'timestamptz',
    columns: 'k numeric',
    constraint: 'primary key (k, at)',
    row: fc.tuple(number),
  },
  {
    name: 'float',
    timeType: 'timestamptz',
    columns: 'k float8',
    constraint: 'primary key (k, at)',
    row: fc.tuple(float),
  },
  {
    name: 'three columns, one of a domain, one padded',
    timeType: 'timestamptz(6)',
    columns: 'a public.word, b int, "c ""\'" char(3)',
    constraint: 'primary key (b, a, "c ""\'", at)',
    row: fc.tuple(text, small, fc.constantFrom('', 'a', 'a  ', 'ab', ' ')),
  },
  {
    name: 'an enum, bytes and an array',
    timeType: 'timestamptz',
    columns: 'k public.mood, b bytea, n int[]',
    constraint: 'unique (k, b, n, at)',
    row: fc.tuple(
      fc.constantFrom('z', "o'k", 'a'),
      fc.constantFrom('\\x', '\\x00', '\\xff5c', '\\x27'),
      fc.constantFrom('{}', '{1,NULL}', '[0:1]={1,2}', '{2}'),
    ),
  },
  {
    name: 'the time alone',
    timeType: 'timestamptz',
    columns: 'k text',
    constraint: 'primary key (at)',
    row: fc.tuple(text),
  },
  {
    name: 'nothing, rows twice',
    timeType: 'timestamptz',
    columns: 'k text, n int',
    constraint: '',
    row: fc.tuple(text, small),
  },
  { name: 'nothing, by day', timeType: 'date', columns: 'k text', constraint: '', row: fc.tuple(text) },
];

describe('the ranges of a month', () => {
  let source: TestSource;

  before(async () => {
    source = await openTestSource();
    await source.owner.query(`
      create collation public.folding (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
      create domain public.word as text collate "und-x-icu";
      create type public.mood as enum ('z', 'o''k', 'a')`);
    const database = new URL(source.url).pathname.slice(1);
    await source.owner.query(`alter database ${database} set TimeZone = 'America/New_York'`);
  });
  after(() => source[Symbol.asyncDispose]());

  async function read(table: string, primaryKey?: readonly string[]): Promise<Reading> {
    const definition = await inSnapshot(source.pool, (client) => readDefinition(client, { schema: 'public', table }));
    const key = keyOrder(definition, { timeColumn: 'at', primaryKey });
    return { definition, key };
  }

  for (const [i, keyCase] of cases.entries()) {
    test(`keyed by ${keyCase.name}: no row is in two ranges or in none, sent or deleted`, async () => {
      const table = `case_${i}`;
      const { columns, constraint, timeType, row } = keyCase;
      await source.owner.query(
        `create table ${table} (${columns}, at ${timeType}, first_day date${constraint === '' ? '' : `, ${constraint}`})`,
      );
      if (constraint.startsWith('unique')) await setNotNull(source.owner, table);
      const rows = fc.array(fc.tuple(row, fc.constantFrom(...times)), { minLength: 1, maxLength: 120 });
      const primaryKey = constraint.startsWith('unique') ? ['k', 'b', 'n', 'at'] : undefined;
      await fc.assert(
        fc.asyncProperty(rows, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), async (values, sizes) => {
          await fill(source.owner, table, values);
          const reading = await read(table, primaryKey);
          await source.owner.query(
            `create table if not exists public.undo_${table} (like ${table}); truncate undo_${table}`,
          );
          await checkTiling(source, reading, sizes);
        }),
        { numRuns: 12, endOnFailure: true },
      );
    });
  }

  test('are found by an index on the time: neither the whole table is read nor a month sorted at once', async () => {
    await source.owner.query(
      `
      create table big (id bigint primary key, at timestamptz not null, amount numeric);
      insert into big select g, '2024-01-01'::timestamptz + g * interval '4 minutes', g from generate_series(1, 40000) g;
      create index on big (at)`,
    );
    await source.owner.query('vacuum analyze big');
    const { definition, key } = await read('big');
    const bounds = { after: ['2024-03-05 00:00:00+00', '23000'], upTo: ['2024-03-06 00:00:00+00', '24000'] };
    for (const request of [{}, bounds, { after: bounds.after }, { upTo: bounds.upTo }]) {
      const { statement } = selectRange({ definition, key, month, ...request });
      const select = statement.replace(/^copy \(/, '').replace(/\) to stdout$/, '');
      const plan = await inSnapshot(source.pool, (client) =>
        client.query<{ 'QUERY PLAN': string }>(`explain ${select}`),
      );
      const lines = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
      // Of one range alone, a sort of its few rows may be cheaper.
      if (!('after' in request && 'upTo' in request)) assert.match(lines, /^Incremental Sort/);
      assert.match(lines, /Index Scan using big_at_idx/);
      assert.doesNotMatch(lines, /Seq Scan/);
    }
  });

  test('of a partitioned table are read and deleted through it, whatever order its partitions have their columns in', async () => {
    await source.owner.query(`
      create table split (at timestamptz not null, id int not null, note text, primary key (id, at)) partition by range (at);
      create table split_march partition of split for values from ('2024-03-01 00:00+00') to ('2024-04-01 00:00+00');
      create table split_other (note text, gone int, id int not null, at timestamptz not null, primary key (id, at));
      alter table split_other drop column gone;
      alter table split attach partition split_other default;
      insert into split select '2024-02-28'::timestamptz + g * interval '1 day', g, 'n' || g from generate_series(1, 60) g`);
    const reading = await read('split');
    assert.equal(reading.definition.kind, 'partitioned');
    assert.deepEqual(
      reading.definition.partitioning?.partitions.map(({ table, bound }) => `${table} ${bound}`),
      [`split_march FOR VALUES FROM ('2024-03-01 00:00:00+00') TO ('2024-04-01 00:00:00+00')`, 'split_other DEFAULT'],
    );
    await source.owner.query('create table undo_split (like split)');
    await checkTiling(source, reading, [7, 1, 100].values());
  });

  test('need a key that is single and never null: else the row itself decides, or the policy is refused', async () => {
    await source.owner.query(`
      create table keyless (at timestamptz, id int not null, maybe int, part int not null, txt text not null,
                            folded text collate public.folding not null);
      create unique index on keyless (maybe); create unique index on keyless (part) where part > 0;
      create unique index on keyless (txt text_pattern_ops);
      create unique index on keyless (folded collate "C")`);
    const { definition } = await read('keyless');
    assert.deepEqual(keyOrder(definition, { timeColumn: 'at' }).keyColumns, []);
    for (const name of ['id', 'part', 'txt', 'folded']) {
      assert.deepEqual(keyOrder(definition, { timeColumn: 'at', primaryKey: [name] }).keyColumns, [], name);
    }
    for (const policy of [
      { timeColumn: 'at', primaryKey: ['maybe'] },
      { timeColumn: 'at', primaryKey: ['nothing'] },
      { timeColumn: 'nothing' },
      { timeColumn: 'txt' },
    ]) {
      assert.throws(() => keyOrder(definition, policy), { code: 'POLICY_INVALID', message: /public\.keyless/ });
    }
  });
});

interface Reading {
  readonly definition: TableDefinition;
  readonly key: KeyOrder;
}

/** Cuts the month at random places, asks for every range alone, and then deletes them one by one. */
async function checkTiling(source: TestSource, { definition, key }: Reading, sizes: Iterator<number>): Promise<void> {
  const request = { definition, key, month };
  const line = lineKey(definition, key);
  const whole = await inSnapshot(source.pool, (client) => linesOf(client, selectRange(request)));
  const expected = await source.owner.query(
    `select from ${definition.table} where at::timestamptz >= '2024-03-01 00:00+00' and at::timestamptz < '2024-04-01 00:00+00'`,
  );
  const lines = whole
    .toString()
    .split(/(?<=\n)/)
    .filter((part) => part !== '');
  assert.equal(lines.length, expected.rowCount);
  const ranges = cut(
    lines.map((part) => Buffer.from(part)),
    line,
    sizes,
  );
  for (const { bytes, after, upTo } of ranges) {
    const sent = await inSnapshot(source.pool, (client) => linesOf(client, selectRange({ ...request, after, upTo })));
    assert.equal(sent.toString(), bytes.toString());
  }
  const before = await source.owner.query(`select from ${definition.table}`);
  for (const { bytes, after, upTo } of ranges) {
    const undoTable = `public.undo_${definition.table}`;
    const gone = await inSourceTransaction(source.pool, (client) =>
      linesOf(client, deleteRange({ ...request, after, upTo, undoTable })),
    );
    assert.equal(gone.toString(), bytes.toString());
  }
  const left = await source.owner.query(`select from ${definition.table}`);
  const kept = await source.owner.query(`select from undo_${definition.table}`);
  assert.equal(before.rows.length - left.rows.length, lines.length);
  assert.equal(kept.rows.length, lines.length);
}

interface Range {
  readonly bytes: Buffer;
  readonly after: readonly string[] | undefined;
  readonly upTo: readonly string[] | undefined;
}

function cut(lines: readonly Buffer[], line: ReturnType<typeof lineKey>, sizes: Iterator<number>): readonly Range[] {
  const ranges: Range[] = [];
  let after: readonly string[] | undefined;
  let start = 0;
  for (let size = next(sizes), end = 1; end < lines.length; end++) {
    const [last, first] = [lines[end - 1], lines[end]];
    if (end - start < size || last === undefined || first === undefined || !line.mayCutBetween(last, first)) continue;
    const upTo = line.boundOf(last);
    ranges.push({ bytes: Buffer.concat(lines.slice(start, end)), after, upTo });
    after = upTo;
    start = end;
    size = next(sizes);
  }
  return [...ranges, { bytes: Buffer.concat(lines.slice(start)), after, upTo: undefined }];
}

function next(sizes: Iterator<number>): number {
  return sizes.next().value ?? 3;
}

async function setNotNull(owner: pg.Client, table: string): Promise<void> {
  for (const name of ['k', 'b', 'n', 'at']) await owner.query(`alter table ${table} alter ${name} set not null`);
}

/** Rows of values that the key has already are left out. */
async function fill(
  owner: pg.Client,
  table: string,
  rows: readonly (readonly [readonly string[], string])[],
): Promise<void> {
  await owner.query(`truncate ${quoteIdentifier(table)}`);
  const width = (rows[0]?.[0].length ?? 0) + 1;
  const values = rows.map(
    (_, i) => `(${Array.from({ length: width }, (__, j) => `$${i * width + j + 1}`).join(', ')})`,
  );
  await owner.query(
    `insert into ${table} (${await columnsOf(owner, table, width)}) values ${values.join(', ')} on conflict do nothing`,
    rows.flatMap(([columns, time]) => [...columns, time]),
  );
}

async function columnsOf(owner: pg.Client, table: string, count: number): Promise<string> {
  const { rows } = await owner.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute where attrelid = $1::regclass and attnum between 1 and $2 order by attnum`,
    [table, count],
  );
  return rows.map(({ name }) => name).join(', ');
}
