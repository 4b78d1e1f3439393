import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../../src/errors.ts';
import { openPart } from '../../../src/parquet/read-part.ts';
import type { WriterColumn } from '../../../src/parquet/write/column.ts';
import { maxGroupTextBytes } from '../../../src/parquet/write/limits.ts';
import { PartEncoder } from '../../../src/parquet/write/part-encoder.ts';
import { type Compression, openPartWriter, type WrittenPart } from '../../../src/parquet/write/part-writer.ts';
import { Duck } from '../duckdb.ts';
import { MemorySource } from '../file-source.ts';
import { handMade, textColumn } from '../hand-made.ts';
import { column, decimal, fileOf, linesOf, readHere, readPart, writeHere, zstd } from './parts.ts';

const ledger: readonly WriterColumn[] = [
  column('id', 'int8'),
  column('account', 'text'),
  decimal('amount', 18, 6),
  column('at', 'timestamptz'),
  column('paid', 'boolean'),
];

/** Two row groups and a bit; the last of them alone has a date that parquet cannot hold. */
const ledgerRows = Array.from({ length: 250_000 }, (_, i) => [
  String(i),
  i % 11 === 0 ? null : `acct-${(i * 7919) % 3001}`,
  `${i % 1000}.${String(i % 997).padStart(6, '0')}`,
  i === 249_999 ? 'infinity' : `2024-01-${String((i % 28) + 1).padStart(2, '0')} 10:00:00+00`,
  i % 3 === 0 ? 't' : 'f',
]);
const ledgerLines = linesOf(ledgerRows);

/** Whole lines, about so many bytes of them at once. */
function* chunksOf(lines: Buffer, chunkBytes: number): Generator<Buffer, void> {
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(10, Math.min(lines.length - 1, start + chunkBytes)) + 1;
    yield lines.subarray(start, end);
    start = end;
  }
}

async function writeChunked(
  lines: Buffer,
  chunkBytes: number,
  options: { readonly compression?: Compression } = {},
): Promise<WrittenPart> {
  await using writer = openPartWriter({ columns: ledger, compression: options.compression ?? zstd });
  for (const chunk of chunksOf(lines, chunkBytes)) await writer.write(Uint8Array.from(chunk));
  return await writer.finish(new Map([['made', 'by a test']]));
}

const codecs: readonly Compression[] = [
  { codec: 'none' },
  { codec: 'snappy' },
  { codec: 'gzip', level: 6 },
  { codec: 'zstd', level: 1 },
  { codec: 'zstd', level: 19 },
];

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Digits that no codec makes much smaller than half. */
function randomHex(seed: string, length: number): string {
  return createHash('shake256', { outputLength: length / 2 })
    .update(seed)
    .digest('hex');
}

describe('parts', () => {
  test('the same lines give the same bytes, however they come in chunks, and what is said of them is so', async () => {
    const parts: WrittenPart[] = [];
    for (const chunkBytes of [1_000, 70_000, 2 ** 30]) parts.push(await writeChunked(ledgerLines, chunkBytes));
    const [first] = parts;
    assert.ok(first);
    assert.equal(new Set(parts.map(({ sha256: digest }) => digest)).size, 1);
    const file = fileOf(first);
    assert.equal(first.sha256, sha256(file));
    assert.equal(first.sizeBytes, file.length);
    assert.equal(first.rows, ledgerRows.length);
    assert.deepEqual(first.nullCounts, [0, Math.ceil(250_000 / 11), 0, 0, 0]);
    assert.deepEqual(first.spills, { at: 'at__text' });
    assert.ok(ledgerLines.equals(await readPart(file)));
  });

  test('row groups of long rows are cut by their text, in the same places however the lines come', async () => {
    const columns = [column('n', 'int4'), column('text', 'text')];
    const lines = linesOf(Array.from({ length: 700 }, (_, i) => [String(i), `${i} `.repeat(12_500 + i)]));
    const digests = [20_000, 2 ** 20, 2 ** 30].map((chunkBytes) => {
      const encoder = new PartEncoder({ columns, compression: zstd });
      for (const chunk of chunksOf(lines, chunkBytes)) encoder.add(chunk);
      const part = encoder.finish(new Map());
      // magic, row groups, footer
      assert.equal(part.chunks.length, Math.ceil(lines.length / maxGroupTextBytes) + 2);
      return part.sha256;
    });
    assert.equal(new Set(digests).size, 1);
  });

  test('every codec gives the same rows, to us and to DuckDB', async () => {
    const lines = linesOf(ledgerRows.slice(0, 5_000));
    await using duck = await Duck.open();
    for (const compression of codecs) {
      const part = writeHere(ledger, lines, { compression });
      assert.ok(lines.equals(await readHere(part, ledger.length)), compression.codec);
      const path = duck.path(`${compression.codec}.parquet`);
      await writeFile(path, fileOf(part));
      const answer = await duck.query(`select count(*), count(account), sum(amount)::varchar, max(id) from '${path}'`);
      assert.deepEqual(answer, [[5_000n, 4_545n, sumOf(lines), 4_999n]]);
    }
  });

  test("full pages come back in every codec: memory that is given back early is nobody's any more", async () => {
    const columns = [column('own', 'text'), column('shared', 'text'), column('flag', 'boolean')];
    const texts = Array.from({ length: 48 }, (_, i) => randomHex(`text ${i}`, 100_000));
    const lines = linesOf(texts.map((text, i) => [text, texts[i % 8] as string, i % 2 === 0 ? 't' : 'f']));
    for (const compression of codecs) {
      const part = writeHere(columns, lines, { compression });
      assert.ok(lines.equals(await readHere(part, columns.length)), compression.codec);
    }
  });

  test('a column spilled in one row group only is null in the others', async () => {
    await using duck = await Duck.open();
    const path = duck.path('ledger.parquet');
    await writeFile(path, fileOf(writeHere(ledger, ledgerLines)));
    const answer = await duck.query(`select count(*), count("at"), count(at__text), max(at__text) from '${path}'`);
    assert.deepEqual(answer, [[250_000n, 249_999n, 1n, 'infinity']]);
  });

  test("the name of a column of texts is nobody else's, whatever the case", async () => {
    const columns = [column('day', 'date'), column('DAY__TEXT', 'text'), column('day___text', 'date')];
    const lines = linesOf([['infinity', 'own', 'infinity']]);
    const part = writeHere(columns, lines);
    assert.deepEqual(part.spills, { day: 'day____text', day___text: 'day___text__text' });
    assert.ok(lines.equals(await readPart(fileOf(part))));
  });

  test('names that JavaScript or JSON treat in their own way are names like others', async () => {
    const columns = ['__proto__', 'constructor', '"', '1', 'é\n'].map((name) => column(name, 'date'));
    const lines = linesOf([columns.map(() => 'infinity'), columns.map(() => '2024-01-01')]);
    assert.ok(lines.equals(await readPart(fileOf(writeHere(columns, lines)))));
  });

  test('no rows are a part too', async () => {
    const part = writeHere(ledger, Buffer.alloc(0));
    assert.equal(part.rows, 0);
    assert.equal((await readPart(fileOf(part))).length, 0);
    await using duck = await Duck.open();
    const path = duck.path('empty.parquet');
    await writeFile(path, fileOf(part));
    assert.deepEqual(await duck.query(`select count(*) from '${path}'`), [[0n]]);
  });

  test('1,600 columns, each with nulls and with a text beside', async () => {
    const columns = Array.from({ length: 1_600 }, (_, i) =>
      i % 2 === 0 ? column(`c${i}`, 'int4') : column(`c${i}`, 'date'),
    );
    const rows = Array.from({ length: 40 }, (_, row) =>
      columns.map((_, i) =>
        (i + row) % 7 === 0 ? null : i % 2 === 0 ? String(row * i) : row === 3 ? 'infinity' : '2024-02-29',
      ),
    );
    const lines = linesOf(rows);
    const part = writeHere(columns, lines);
    assert.ok(lines.equals(await readPart(fileOf(part))));
  });

  test('a value of 50 MB comes back', async () => {
    const columns = [column('n', 'int4'), column('text', 'text')];
    const lines = linesOf([
      ['1', 'small'],
      ['2', `${'a long line '.repeat(50)}\n`.repeat(83_000)],
      ['3', 'small'],
    ]);
    assert.ok(lines.equals(await readPart(fileOf(writeHere(columns, lines)))));
  });

  test('dictionaries of every size, runs and nulls in every pattern', async () => {
    const columns = [column('int', 'int4'), column('text', 'text'), column('uuid', 'uuid'), column('flag', 'boolean')];
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 3_000 }),
      distinct: fc.integer({ min: 1, max: 600 }),
      run: fc.integer({ min: 1, max: 40 }),
      nulls: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, distinct, run, nulls }) => {
        const lines = linesOf(
          Array.from({ length: rows }, (_, i) => {
            const value = (Math.floor(i / run) * 7919) % distinct;
            if (Math.floor(i / nulls) % 3 === 1) return [null, null, null, null];
            const uuid = `00000000-0000-4000-8000-${String(value).padStart(12, '0')}`;
            return [String(value), `value ${value}`, uuid, value % 2 === 0 ? 't' : 'f'];
          }),
        );
        assert.ok(lines.equals(await readHere(writeHere(columns, lines), columns.length)));
      }),
      { numRuns: 60 },
    );
  });

  test('integers whose differences are large come back, and DuckDB reads the same', async () => {
    await using duck = await Duck.open();
    const path = duck.path('integers.parquet');
    const reaches = [100n, 2n ** 20n, 2n ** 31n - 1n, 2n ** 40n, 2n ** 50n, 2n ** 52n, 2n ** 60n];
    for (const [index, reach] of reaches.entries()) {
      const values = fc.sample(fc.bigInt({ min: -reach, max: reach }), { numRuns: 1_000, seed: index }).map(String);
      const columns = [column('big', 'int8'), ...(reach < 2n ** 31n ? [column('whole', 'int4')] : [])];
      const lines = linesOf(values.map((value) => columns.map(() => value)));
      const part = writeHere(columns, lines);
      assert.ok(lines.equals(await readHere(part, columns.length)), `reach ${reach}`);
      await writeFile(path, fileOf(part));
      const theirs = await duck.query(`select columns(*)::varchar from '${path}'`);
      assert.deepEqual(
        theirs,
        values.map((value) => columns.map(() => value)),
        `reach ${reach}`,
      );
    }
  });
});

function sumOf(lines: Buffer): string {
  const amounts = lines
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => BigInt((line.split('\t')[2] ?? '').replace('.', '')));
  const sum = String(amounts.reduce((a, b) => a + b, 0n));
  return `${sum.slice(0, -6)}.${sum.slice(-6)}`;
}

async function refused(
  lines: Uint8Array,
  columns: readonly WriterColumn[],
  code: string,
  message: RegExp,
): Promise<void> {
  await using writer = openPartWriter({ columns, compression: zstd });
  await assert.rejects(
    async () => {
      await writer.write(lines);
      await writer.finish(new Map());
    },
    (error) => {
      assert.ok(error instanceof AppError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('lines that are none of ours', () => {
  const two = [column('a', 'text'), column('b', 'text')];

  test('text that is not UTF-8 names its column and row', async () => {
    await refused(Buffer.from('x\ty\nx\ty\xff\nx\ty\n', 'latin1'), two, 'TEXT_INVALID', /"b", row 2/);
    await refused(Buffer.from('x\ty\n\0\ty\n', 'latin1'), two, 'TEXT_INVALID', /"a", row 2/);
  });

  test('a line of too few or too many fields names its row', async () => {
    await refused(Buffer.from('x\ty\nx\n'), two, 'BAD_INPUT', /row 2 .*1 fields for 2/);
    await refused(Buffer.from('x\ty\tz\n'), two, 'BAD_INPUT', /row 1 .*3 fields for 2/);
    await refused(Buffer.from('x\ty\nx'), two, 'BAD_INPUT', /line end/);
  });

  test('an escape that PostgreSQL does not print is refused, because it could not be given back', async () => {
    await refused(Buffer.from('x\t\\q\n'), two, 'BAD_INPUT', /"b", row 1/);
    await refused(Buffer.from('x\\\ty\n'), two, 'BAD_INPUT', /"a", row 1/);
    await refused(Buffer.from('x\ta\rb\n'), two, 'BAD_INPUT', /"b", row 1/);
  });

  test('a line above the limit is refused before it is kept', async () => {
    const line = Buffer.alloc(65 * 2 ** 20, 'x');
    line[line.length - 1] = 10;
    await refused(line, [column('a', 'text')], 'ROW_TOO_LONG', /row 1 is a line of/);
  });

  test('columns and levels that parquet has not are refused at once', () => {
    const open =
      (columns: readonly WriterColumn[], compression: Compression = zstd) =>
      () =>
        openPartWriter({ columns, compression });
    for (const call of [
      open([]),
      open([column('a', 'text'), column('a', 'text')]),
      open([decimal('a', 39, 0)]),
      open([decimal('a', 5, 6)]),
      open(two, { codec: 'zstd', level: 23 }),
      open(two, { codec: 'gzip', level: 0 }),
    ]) {
      assert.throws(call, { code: 'BAD_INPUT' });
    }
  });

  test('metadata may not claim what the writer says itself', async () => {
    await using writer = openPartWriter({ columns: two, compression: zstd });
    await assert.rejects(writer.finish(new Map([['billvault.columns', '[]']])), { code: 'BAD_INPUT' });
  });

  test('an abort ends the writing, and a writer that failed stays failed', async () => {
    const controller = new AbortController();
    await using writer = openPartWriter({ columns: two, compression: zstd, signal: controller.signal });
    await writer.write(Buffer.from('x\ty\n'));
    controller.abort();
    await assert.rejects(writer.finish(new Map()), { code: 'CANCELLED' });
    await assert.rejects(writer.write(Buffer.from('x\ty\n')), { code: 'CANCELLED' });
  });
});

describe('files that are no parts, or not whole', () => {
  const lines = linesOf(ledgerRows.slice(-4_000));
  const part = writeHere(ledger, lines, { metadata: new Map([['definition', '{"é": 1}']]) });
  const file = fileOf(part);

  test('the footer gives back metadata, columns and rows', async () => {
    const opened = await openPart(new MemorySource(file));
    assert.equal(opened.metadata.get('definition'), '{"é": 1}');
    assert.deepEqual(opened.columns, ledger);
    assert.equal(opened.rowCount, 4_000);
    await assert.rejects(opened.lines({ columns: ['nobody'] }).next(), { code: 'BAD_INPUT' });
    await opened.close();
  });

  test('a parquet of another writer is refused', async () => {
    const other = handMade({ columns: [textColumn('a', 'x')], rowCount: 1 });
    await assert.rejects(openPart(new MemorySource(other)), { code: 'PARQUET_INVALID', message: /billvault.columns/ });
  });

  test('a footer whose metadata says otherwise than its schema is refused', async () => {
    const text = file.toString('latin1');
    const changes: readonly (readonly [string, string])[] = [
      ['"kind":"int8"', '"kind":"int2"'],
      ['"name":"id"', '"name":"ix"'],
      ['"scale":6', '"scale":5'],
      ['{"at":"at__text"}', '{"id":"at__text"}'],
      ['{"at":"at__text"}', '{"xx":"at__text"}'],
      ['{"at":"at__text"}', '{"at":"id__text"}'],
      ['"kind":"boolean"', '"kind":"nothing"'],
    ];
    for (const [from, to] of changes) {
      assert.ok(text.includes(from), from);
      const changed = Buffer.from(text.replace(from, to), 'latin1');
      if (to === '{"id":"at__text"}') {
        assert.notEqual((await readPart(changed)).toString(), lines.toString());
        continue;
      }
      await assert.rejects(readPart(changed), { code: 'PARQUET_INVALID' }, to);
    }
  });

  test('a file that is cut off is refused, wherever it ends', async () => {
    for (const length of [0, 3, 11, 100, file.length >> 1, file.length - 1]) {
      await assert.rejects(openPart(new MemorySource(file.subarray(0, length))), { code: 'PARQUET_INVALID' });
    }
  });

  test('a flipped bit among the pages never gives other lines', async () => {
    const plain = fileOf(writeHere(ledger, lines, { compression: { codec: 'none' } }));
    const footerStart = plain.length - 8 - plain.readUInt32LE(plain.length - 8);
    let noticed = 0;
    const flips = fc.sample(fc.tuple(fc.integer({ min: 4, max: footerStart - 1 }), fc.nat(7)), {
      numRuns: 40,
      seed: 1,
    });
    for (const [position, bit] of flips) {
      const damaged = Buffer.from(plain);
      damaged[position] = (damaged[position] ?? 0) ^ (1 << bit);
      try {
        // a bit that nobody needs, such as the encoding of levels that are not there
        assert.ok(lines.equals(await readPart(damaged)), `other lines from a bit at ${position}`);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        noticed++;
      }
    }
    assert.ok(noticed > flips.length / 2);
  });
});
