import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { brotliCompressSync, crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { AppError, type ErrorCode } from '../../src/errors.ts';
import { toParquetError } from '../../src/parquet/problems.ts';
import { readAll, readHere } from './copy-text.ts';
import { MemorySource } from './file-source.ts';
import {
  type ColumnSpec,
  codecs,
  handMade,
  physical,
  plainTexts,
  textColumn,
  utf8,
  varint,
  withFooter,
} from './hand-made.ts';
import { samples } from './samples.ts';

async function refused(file: Uint8Array, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(readAll(new MemorySource(file)), (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const one = (column: ColumnSpec, rowCount = 1): Uint8Array => handMade({ columns: [column], rowCount });

describe('hand-made files', () => {
  test('the maker makes what can be read', async () => {
    const { columns, rows } = await readAll(new MemorySource(one(textColumn('a', 'x', 'y'), 2)));
    assert.deepEqual(columns, [{ name: 'a', type: 'text' }]);
    assert.deepEqual(rows, [['x'], ['y']]);
  });

  test('columns of one name stay two columns', async () => {
    const file = handMade({ columns: [textColumn('a', '1'), textColumn('a', '2')], rowCount: 1 });
    const { columns, rows } = await readAll(new MemorySource(file));
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['a', 'a'],
    );
    assert.deepEqual(rows, [['1', '2']]);
  });

  test('a file of rows without any column gives its row numbers', async () => {
    const { rows } = await readAll(new MemorySource(handMade({ columns: [], rowCount: 3 })));
    assert.deepEqual(rows, [[], [], []]);
  });

  test('an unannotated byte array is bytea, bit by bit', async () => {
    const column = {
      name: 'a',
      type: physical.bytes,
      pages: [{ body: plainTexts(Uint8Array.of(0, 255, 92)), valueCount: 1 }],
    };
    const { columns, rows } = await readAll(new MemorySource(one(column)));
    assert.deepEqual(columns, [{ name: 'a', type: 'bytea' }]);
    assert.deepEqual(rows, [['\\x00ff5c']]);
  });

  test('a NUL in a text names column and row', async () => {
    await refused(one(textColumn('tag', 'fine', 'a\0b'), 2), 'TEXT_INVALID', /"tag", row 2 .*NUL/);
  });

  test('text that is not UTF-8 names column and row, and never becomes replacement characters', async () => {
    await refused(one(textColumn('tag', 'fine', Uint8Array.of(0x41, 0xc3))), 'PARQUET_INVALID', /more|values/);
    await refused(one(textColumn('tag', 'fine', Uint8Array.of(0x41, 0xc3)), 2), 'TEXT_INVALID', /"tag", row 2 .*UTF-8/);
  });

  test('a bad entry of a dictionary matters only to a row that uses it', async () => {
    const dictionary = { body: plainTexts('good', Uint8Array.of(0xff)), valueCount: 2, type: 2 };
    const indexes = (...packed: number[]) => ({ body: Uint8Array.from([1, 3, ...packed]), valueCount: 3, encoding: 8 });
    const column = { name: 'a', type: physical.bytes, converted: utf8 };
    const fine = one({ ...column, pages: [dictionary, indexes(0b000)] }, 3);
    assert.deepEqual((await readAll(new MemorySource(fine))).rows, [['good'], ['good'], ['good']]);
    await refused(one({ ...column, pages: [dictionary, indexes(0b100)] }, 3), 'TEXT_INVALID', /"a", row 3/);
  });

  test('an index behind the dictionary, and an index without one, are refused', async () => {
    const pages = [
      { body: plainTexts('only'), valueCount: 1, type: 2 },
      { body: Uint8Array.of(2, 2, 3), valueCount: 1, encoding: 8 },
    ];
    const column = { name: 'a', type: physical.bytes, converted: utf8 };
    await refused(one({ ...column, pages }), 'PARQUET_INVALID', /index 3/);
    await refused(one({ ...column, pages: pages.slice(1) }), 'PARQUET_INVALID', /without a dictionary/);
  });

  test('rows are neither padded nor cut: every count has to agree', async () => {
    await refused(one(textColumn('a', 'x'), 2), 'PARQUET_INVALID', /./);
    await refused(
      handMade({ columns: [textColumn('a', 'x')], rowCount: 1, claimedRows: 2 }),
      'PARQUET_INVALID',
      /claims 2 rows/,
    );
    await refused(one({ ...textColumn('a', 'x'), valueCount: 5 }), 'PARQUET_INVALID', /5 values for 1 rows/);
  });

  test('a page whose CRC differs is refused, and one whose CRC is right is read', async () => {
    const body = plainTexts('x');
    const column = { ...textColumn('a'), pages: [{ body, valueCount: 1, crc: crc32(body) }] };
    assert.deepEqual((await readAll(new MemorySource(one(column)))).rows, [['x']]);
    await refused(one({ ...column, pages: [{ body, valueCount: 1, crc: 1 }] }), 'PARQUET_INVALID', /CRC/);
  });

  for (const [codec, compress] of [
    ['gzip', gzipSync],
    ['brotli', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    test(`a ${codec} page that expands beyond its claim ends as EXPANDS_TOO_MUCH`, async () => {
      const bomb = compress(Buffer.alloc(64 * 2 ** 20));
      const page = { body: bomb, valueCount: 1, uncompressedBytes: 1000 };
      await refused(one({ ...textColumn('a'), codec: codecs[codec], pages: [page] }), 'EXPANDS_TOO_MUCH', /1000/);
    });
  }

  test('a page that claims more than the limit is refused before a byte of it is expanded', async () => {
    const page = { body: brotliCompressSync(Buffer.alloc(1000)), valueCount: 1, uncompressedBytes: 600_000_000 };
    await refused(one({ ...textColumn('a'), codec: codecs.brotli, pages: [page] }), 'EXPANDS_TOO_MUCH', /600000000/);
  });

  test('pages that together are above the limit are refused, each of them below it', async () => {
    const body = gzipSync(Buffer.alloc(2 ** 20, plainTexts('x')));
    const valueCount = 2 ** 20 / 5;
    const pages = [{ body, valueCount: Math.floor(valueCount), uncompressedBytes: 2 ** 20 }];
    const columns = ['a', 'b', 'c'].map((name) => ({ ...textColumn(name), codec: codecs.gzip, pages }));
    const file = handMade({ columns, rowCount: Math.floor(valueCount) });
    const open = { limits: { maxLiveBytes: 2.5 * 2 ** 20 } };
    await assert.rejects(readAll(new MemorySource(file), { open }), { code: 'EXPANDS_TOO_MUCH' });
  });

  test('few bytes that claim rows without end are refused before the rows are made', async () => {
    const rowCount = 2 ** 24;
    const column = { name: 'a', type: physical.bytes, converted: utf8 };
    // one text of 64 KB, and one run that says it again for every row
    const pages = [
      { body: plainTexts('x'.repeat(65_536)), valueCount: 1, type: 2 },
      { body: Uint8Array.from([1, ...varint(rowCount * 2), 0]), valueCount: rowCount, encoding: 8 },
    ];
    await refused(one({ ...column, pages }, rowCount), 'EXPANDS_TOO_MUCH', /rows come to more than/);
    await refused(handMade({ columns: [], rowCount: 2 ** 31 - 1 }), 'EXPANDS_TOO_MUCH', /rows come to more than/);
    const nothing = { name: 'n', type: physical.int32, repetition: 1 };
    const nulls = { body: Uint8Array.from([5, 0, 0, 0, ...varint(2 ** 26), 0]), valueCount: 2 ** 25 };
    const columns = Array.from({ length: 40 }, () => ({ ...nothing, pages: [nulls] }));
    await refused(handMade({ columns, rowCount: 2 ** 25 }), 'EXPANDS_TOO_MUCH', /rows come to more than/);
  });

  test('bytes that several columns or row groups claim are refused, and not read again and again', async () => {
    const shared = textColumn('a', 'x'.repeat(1_000));
    const columns = [shared, { ...textColumn('b', 'y'), claims: { start: 4, bytes: 1_000 } }];
    await refused(handMade({ columns, rowCount: 1 }), 'PARQUET_INVALID', /claim \d+ bytes/);
    const groups = handMade({ columns: [shared], rowCount: 1, claimedRows: 100, groups: 100 });
    await refused(groups, 'PARQUET_INVALID', /claim \d+ bytes/);
  });

  test('short delta-encoded strings that claim long prefixes over and over are refused', async () => {
    // prefix lengths 0, 1000000, 1000000 … and one long first suffix, in a few bytes
    const file = parquetWriteBuffer({
      columnData: [
        {
          name: 'a',
          data: Array.from({ length: 2_000 }, (_, i) => `${'x'.repeat(200_000)}${i}`),
          type: 'STRING',
          encoding: 'DELTA_BYTE_ARRAY',
          statistics: false,
        },
      ],
      pageSize: 2 ** 30,
      rowGroupSize: 10_000,
    });
    assert.ok(file.byteLength < 1_000_000, `${file.byteLength} bytes`);
    await refused(new Uint8Array(file), 'EXPANDS_TOO_MUCH', /delta/);
  });

  test('what is no parquet file, or only a part of one, says so', async () => {
    await refused(Buffer.from('identity/LineItemId,bill/InvoiceId\n1,2\n'), 'PARQUET_INVALID', /PAR1/);
    await refused(Buffer.from('PAR1'), 'PARQUET_INVALID', /4 bytes/);
    await refused(one(textColumn('a', 'x')).subarray(0, -10), 'PARQUET_INVALID', /PAR1/);
    await refused(Buffer.from('PAR1\0\0\0\0xxxxPARE'), 'PARQUET_UNSUPPORTED', /encrypted/);
    await refused(withFooter(Buffer.from('PAR1'), new Uint8Array(0)), 'PARQUET_INVALID', /./);
  });

  test('a footer that nests or repeats without end is refused, not recursed into', async () => {
    const nested = Uint8Array.from({ length: 100_000 }, () => 0x1c);
    await refused(withFooter(Buffer.from('PAR1'), nested), 'PARQUET_INVALID', /deep/);
    const lists = Buffer.alloc(5_000_000, 0);
    lists.set([0x29, 0xfc, 0xb0, 0x96, 0xb1, 0x02]);
    await refused(withFooter(Buffer.from('PAR1'), lists), 'PARQUET_INVALID', /thrift/);
  });

  test('an unknown codec is refused by name', async () => {
    await refused(one({ ...textColumn('a', 'x'), codec: codecs.lzo }), 'PARQUET_UNSUPPORTED', /LZO/);
  });
});

/** Reproducible: the same mutations in every run. */
function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const mutations = 600;

/** For one small file: far more than any takes, far less than forever. */
const boundMillis = 5_000;

const cleanCodes = ['PARQUET_INVALID', 'PARQUET_UNSUPPORTED', 'TEXT_INVALID', 'EXPANDS_TOO_MUCH', 'WIDER'];

describe('damaged files', () => {
  test(`${mutations} flips and cuts all end, in time, in rows or in a clean error`, async () => {
    const originals = await seeds();
    const random = randomNumbers(2026);
    for (let i = 0; i < mutations; i++) {
      const damaged = damage(originals[i % originals.length] as Uint8Array, random);
      const begun = performance.now();
      const outcome = await outcomeOf(damaged);
      assert.ok(performance.now() - begun < boundMillis, `mutation ${i} took too long`);
      assert.ok(outcome.code === undefined || cleanCodes.includes(outcome.code), `mutation ${i}: ${outcome.code}`);
    }
  });

  test('no flip within pages that carry a CRC gets through: every cell is as it was, or the file is refused', async () => {
    const texts = Array.from({ length: 200 }, (_, i) => `value ${i}`);
    const body = plainTexts(...texts);
    const pages = [{ body, valueCount: texts.length, crc: crc32(body) }];
    const original = one({ ...textColumn('a'), pages }, texts.length);
    const expected = texts.map((text) => [text]);
    const random = randomNumbers(7);
    for (let i = 0; i < mutations; i++) {
      const damaged = Uint8Array.from(original);
      damaged[4 + Math.floor(random.next().value * body.length)] = Math.floor(random.next().value * 256);
      const outcome = await outcomeOf(damaged);
      if (outcome.code === undefined) assert.deepEqual(outcome.rows, expected);
      else assert.ok(cleanCodes.includes(outcome.code), outcome.code);
    }
  });
});

function damage(original: Uint8Array, random: Generator<number, never>): Uint8Array {
  const next = () => random.next().value;
  if (next() < 0.15) return original.slice(0, Math.floor(next() * original.length));
  const damaged = Uint8Array.from(original);
  const flips = 1 + Math.floor(next() * 4);
  for (let i = 0; i < flips; i++) {
    const at = Math.floor(next() * damaged.length);
    damaged[at] = Math.floor(next() * 256);
  }
  return damaged;
}

interface Outcome {
  readonly code?: string;
  readonly rows?: readonly unknown[];
}

async function outcomeOf(file: Uint8Array): Promise<Outcome> {
  try {
    return { rows: (await readHere(new MemorySource(file))).rows };
  } catch (error) {
    const known = toParquetError(error);
    return { code: known instanceof AppError ? known.code : 'WIDER' };
  }
}

/** Small files of different writers: some of ours, and the samples where they are. */
async function seeds(): Promise<readonly Uint8Array[]> {
  const made = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'text', data: Array.from({ length: 300 }, (_, i) => `value ${i % 7}`), type: 'STRING' },
        { name: 'number', data: Array.from({ length: 300 }, (_, i) => i / 3), type: 'DOUBLE' },
        {
          name: 'delta',
          data: Array.from({ length: 300 }, (_, i) => i * i),
          type: 'INT32',
          encoding: 'DELTA_BINARY_PACKED',
        },
      ],
      pageSize: 512,
    }),
  );
  const folder = join(samples, 'parquet-good');
  if (!existsSync(folder)) return [made];
  const names = (await readdir(folder)).sort();
  return [made, ...(await Promise.all(names.map((name) => readFile(join(folder, name)))))];
}
