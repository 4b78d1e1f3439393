import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { fromBufferPromise } from 'yauzl';
import { AppError } from '../../../src/errors.ts';
import { amountOf, decimalText } from '../../../src/sandbox/exports/amount.ts';
import { columnsOf, type FileOptions, type MadeKind, madeKinds, makeFile } from '../../../src/sandbox/exports/file.ts';
import { askDuckDb, bytesOf, sha256Of } from './made.ts';

const base = {
  seed: 'seven',
  month: '2026-05',
  rows: 1_500,
  kind: 'cur-legacy',
  format: 'csv',
} as const satisfies FileOptions;

const costColumn: Readonly<Record<MadeKind, string>> = {
  'cur-legacy': 'lineItem/UnblendedCost',
  cur2: 'line_item_unblended_cost',
  'focus-1.0': 'BilledCost',
  'focus-1.2': 'BilledCost',
};

test('the same seed gives the same bytes, another seed, month or version others', async () => {
  for (const kind of madeKinds) {
    for (const format of ['csv', 'csv.gz', 'parquet'] as const) {
      const digest = (change: Partial<FileOptions> = {}) =>
        sha256Of(makeFile({ ...base, rows: 50, kind, format, ...change }).body());
      const digests = await Promise.all([
        digest(),
        digest({ seed: 'eight' }),
        digest({ month: '2026-04' }),
        digest({ version: 2 }),
      ]);
      assert.equal(await digest(), digests[0], `${kind} ${format}`);
      assert.equal(new Set(digests).size, digests.length, `${kind} ${format}`);
    }
  }
});

test('made bytes stay what they are: a change of them is a change of every fixture built on them', async () => {
  const digest = await sha256Of(makeFile({ ...base, rows: 100 }).body());
  assert.equal(digest, 'a2b357c88a71e1fb897c7989a9fdc0f11677ba80bdc3b9aada01f599c9862b17');
});

for (const kind of madeKinds) {
  test(`${kind} as CSV holds the rows and, to the last digit, the money that are expected`, async () => {
    const file = makeFile({ ...base, kind });
    const rows: Record<string, string>[] = parse(await bytesOf(file.body()), { columns: true });
    const { rows: expectedRows, cost } = file.expected();
    assert.equal(rows.length, expectedRows);
    assert.equal(Object.keys(rows[0] ?? {}).length, columnsOf(kind, 'csv').length);
    const costs = rows.map((row) => row[costColumn[kind]] ?? '');
    assert.equal(decimalText(costs.reduce((sum, text) => sum + exactAmount(text), 0n)), cost);
    assert.ok(
      costs.some((text) => text.startsWith('-')) && costs.some((text) => text.includes('E-')),
      'credits and tiny costs',
    );
  });

  for (const mapsAs of ['map', 'json'] as const) {
    test(`${kind} as parquet with maps as ${mapsAs} reads the same in DuckDB, over several row groups`, async () => {
      const file = makeFile({ ...base, kind, format: 'parquet', mapsAs, rowGroupRows: 400 });
      const column = kind === 'cur-legacy' ? 'line_item_unblended_cost' : costColumn[kind];
      const query = `select count(*)::text as rows, sum("${column}"::decimal(38, 10))::text as cost,
        (select max(row_group_id) from parquet_metadata($file))::text as last_group from read_parquet($file)`;
      const [answer] = await askDuckDb(await bytesOf(file.body()), 'parquet', query);
      const { rows, cost } = file.expected();
      assert.deepEqual(answer, { rows: String(rows), cost: amountPadded(cost), last_group: '3' });
    });
  }

  test(`${kind}: parquet and CSV hold the same cells`, async () => {
    const csv = parse(await bytesOf(makeFile({ ...base, kind, rows: 60 }).body()), { columns: true }) as Record<
      string,
      string
    >[];
    const parquet = await bytesOf(makeFile({ ...base, kind, rows: 60, format: 'parquet', mapsAs: 'json' }).body());
    const read = (await askDuckDb(parquet, 'parquet', 'select * from read_parquet($file)')) as Record<
      string,
      unknown
    >[];
    const pairs = columnsOf(kind, 'parquet').map((column) => [column, nameInCsv(kind, column.name)] as const);
    for (const [row, cells] of csv.entries()) {
      for (const [column, name] of pairs) {
        assert.equal(
          comparable(column.type, read[row]?.[column.name]),
          comparable(column.type, cells[name]),
          `row ${row}, ${name}`,
        );
      }
    }
  });
}

test('every kind of one seed holds the same money, so that two exports of one payer do', () => {
  const costs = madeKinds.map((kind) => makeFile({ ...base, kind }).expected().cost);
  assert.equal(new Set(costs).size, 1);
});

test('maps are MAPs with string keys and values in DuckDB', async () => {
  const bytes = await bytesOf(makeFile({ ...base, kind: 'cur2', format: 'parquet' }).body());
  const query = `select typeof(tags) as type, sum(len(map_keys(tags)))::text as tags, count(tags['user:größe'][1])::text as odd from read_parquet($file) group by 1`;
  const [answer] = (await askDuckDb(bytes, 'parquet', query)) as Record<string, string>[];
  assert.equal(answer?.['type'], 'MAP(VARCHAR, VARCHAR)');
  assert.ok(Number(answer?.['tags']) > 1_500 && Number(answer?.['odd']) > 100);
});

test('packed or not, with either line end, the text is the same', async () => {
  const plain = await bytesOf(makeFile(base).body());
  assert.deepEqual(gunzipSync(await bytesOf(makeFile({ ...base, format: 'csv.gz' }).body())), plain);
  assert.deepEqual(
    await unzipped(await bytesOf(makeFile({ ...base, format: 'csv.zip', entryName: 'bill.csv' }).body())),
    { 'bill.csv': plain },
  );
  const crlf = await bytesOf(makeFile({ ...base, lineEnd: '\r\n' }).body());
  assert.equal(crlf.toString().replaceAll('\r\n', '\n'), plain.toString());
});

test('null and empty are written apart: nothing, and two quotes', async () => {
  const text = (await bytesOf(makeFile({ ...base, kind: 'cur2', rows: 20 }).body())).toString();
  const header = text.slice(0, text.indexOf('\n')).split(',');
  const rows: string[][] = parse(text, {
    from_line: 2,
    cast: (value, { quoting }) => (value === '' ? (quoting ? '""' : '') : value),
  });
  const quoted = header.filter((_, position) => rows.every((row) => row[position] === '""'));
  assert.deepEqual(quoted, [
    'reservation_end_time',
    'reservation_modification_status',
    'reservation_number_of_reservations',
    'reservation_start_time',
    'reservation_units_per_reservation',
  ]);
  assert.ok(header.some((_, position) => rows.every((row) => row[position] === '')));
});

test('columns are as many as AWS has, with the names that break loaders', () => {
  const names = (kind: MadeKind, format: 'csv' | 'parquet') => columnsOf(kind, format).map(({ name }) => name);
  assert.ok(names('cur-legacy', 'csv').length === 110 && names('cur2', 'csv').length === 115);
  assert.deepEqual([names('focus-1.0', 'csv').length, names('focus-1.2', 'csv').length], [48, 60]);
  assert.ok(
    names('cur-legacy', 'csv').includes('resourceTags/user:Name') &&
      names('cur-legacy', 'csv').includes('resourceTags/user:name'),
  );
  assert.ok(names('cur2', 'csv').some((name) => name.length === 64));
  for (const kind of madeKinds) {
    for (const format of ['csv', 'parquet'] as const)
      assert.equal(new Set(names(kind, format)).size, names(kind, format).length);
  }
});

test('a file of any size is made chunk by chunk', async () => {
  let largest = 0;
  let chunks = 0;
  for await (const chunk of makeFile({ ...base, rows: 20_000 }).body()) {
    largest = Math.max(largest, chunk.length);
    chunks++;
  }
  assert.ok(chunks > 20 && largest < 1024 * 1024, `${chunks} chunks of up to ${largest} bytes`);
});

test('a file that nobody reads to its end leaves nothing behind', async () => {
  for (const format of ['csv.gz', 'csv.zip', 'parquet'] as const) {
    for await (const chunk of makeFile({ ...base, rows: 50_000, format, rowGroupRows: 100 }).body()) {
      assert.ok(chunk.length > 0);
      break;
    }
  }
});

test('a file without rows is a header, or a parquet of no rows', async () => {
  const csv = (await bytesOf(makeFile({ ...base, rows: 0 }).body())).toString();
  assert.equal(csv.split('\n').length, 2);
  const parquet = await bytesOf(makeFile({ ...base, rows: 0, format: 'parquet' }).body());
  assert.deepEqual(await askDuckDb(parquet, 'parquet', 'select count(*)::text as rows from read_parquet($file)'), [
    { rows: '0' },
  ]);
});

test('what AWS never writes is refused', () => {
  assert.throws(() => makeFile({ ...base, kind: 'cur2', format: 'csv.zip' }), AppError);
  assert.throws(() => makeFile({ ...base, month: '2026-13' }), AppError);
});

/** `-7.0E-10` to an amount without a float in between. */
function exactAmount(text: string): bigint {
  const [digits = '', exponent = '0'] = text.split('E');
  const shift = 10 + Number(exponent);
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.');
  const places = fraction.replace(/0+$/, '');
  assert.ok(places.length <= shift, `${text} has more than ten places`);
  const size = BigInt(whole + places.padEnd(shift, '0'));
  return digits.startsWith('-') ? -size : size;
}

/** DuckDB prints a decimal(38, 10) with all its places. */
function amountPadded(cost: string): string {
  const size = amountOf(cost.replace('-', '')).toString().padStart(11, '0');
  return `${cost.startsWith('-') ? '-' : ''}${size.slice(0, -10)}.${size.slice(-10)}`;
}

/** Legacy parquet names are the CSV's in snake case. */
function nameInCsv(kind: MadeKind, parquetName: string): string {
  const position = columnsOf(kind, 'csv').findIndex(({ name }) => name === parquetName || snake(name) === parquetName);
  return columnsOf(kind, 'csv')[position]?.name ?? '';
}

function snake(name: string): string {
  const spaced = name.replace(/([A-Z])/g, '_$1').toLowerCase();
  return spaced.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}

/** REQUIRED columns have empty texts and zeros where CSV has nothing. */
function comparable(type: string, value: unknown): unknown {
  if (type === 'double') return Number(value ?? 0);
  if (type === 'timestamp') return Date.parse(`${String(value).replace(' ', 'T').replace(/Z?$/, '')}Z`);
  return value ?? '';
}

async function unzipped(bytes: Buffer): Promise<Record<string, Buffer>> {
  const zip = await fromBufferPromise(bytes);
  const entries: Record<string, Buffer> = {};
  for await (const entry of zip.eachEntry()) {
    const content = await bytesOf(await zip.openReadStreamPromise(entry));
    assert.equal(entry.crc32, crc32(content));
    entries[entry.fileName] = content;
  }
  return entries;
}
