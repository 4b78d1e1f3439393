import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { AppError } from '../../src/errors.ts';
import { openParquet } from '../../src/parquet/parquet-file.ts';
import { openPart } from '../../src/parquet/read-part.ts';
import { poolLimits } from '../../src/parquet/thread-pool.ts';
import type { WriterColumn } from '../../src/parquet/write/column.ts';
import { type Compression, openPartWriter, type WrittenPart } from '../../src/parquet/write/part-writer.ts';
import { isAlive, watchThreads } from '../support/started-threads.ts';
import { readAll } from './copy-text.ts';
import { MemorySource } from './file-source.ts';
import { handMade, plainTexts, textColumn, withFooter } from './hand-made.ts';
import { column, decimal, fileOf, linesOf, readPart, zstd } from './write/parts.ts';

const started = watchThreads();

/** Runs `work` and answers how many threads it started. */
async function startedBy(work: () => Promise<unknown>): Promise<number> {
  const before = started.length;
  await work();
  return started.length - before;
}

const goodFile = handMade({ columns: [textColumn('a', 'x')], rowCount: 1 });
const readGood = async (): Promise<void> => {
  assert.deepEqual((await readAll(new MemorySource(goodFile))).rows, [['x']]);
};

interface Table {
  readonly columns: readonly WriterColumn[];
  readonly lines: Buffer;
  readonly compression: Compression;
}

async function write({ columns, lines, compression }: Table): Promise<WrittenPart> {
  await using writer = openPartWriter({ columns, compression });
  if (lines.length > 0) await writer.write(Uint8Array.from(lines));
  return await writer.finish(new Map([['made', 'by a test']]));
}

const small: Table = { columns: [column('a', 'text')], lines: Buffer.from('x\n'), compression: zstd };
const writeSmall = (): Promise<unknown> => write(small);

/** Lines that no part takes: the thread that gets them ends, so that the next part has a new one. */
async function writeBad(): Promise<void> {
  await assert.rejects(write({ ...small, lines: Buffer.from('x\ty\n') }), { code: 'BAD_INPUT' });
}

describe("the decoder's thread", () => {
  test('a second file is decoded by the thread of the first', async () => {
    await readGood();
    assert.equal(await startedBy(readGood), 0);
  });

  const body = plainTexts('x');
  const damaged = handMade({
    columns: [{ ...textColumn('a'), pages: [{ body, valueCount: 1, crc: crc32(body) + 1 }] }],
    rowCount: 1,
  });
  const long = handMade({
    columns: [
      textColumn('a', ...Array.from({ length: 2_000 }, (_, i) => `a value ${i} ${'that is long '.repeat(300)}`)),
    ],
    rowCount: 2_000,
  });
  const withNul = handMade({ columns: [textColumn('a', 'a\0b')], rowCount: 1 });

  const failures: Record<string, () => Promise<void>> = {
    'that is no parquet': () =>
      rejects(readAll(new MemorySource(Buffer.from('a,b\n1,2\n'.repeat(20)))), 'PARQUET_INVALID'),
    'whose page is damaged': () => rejects(readAll(new MemorySource(damaged)), 'PARQUET_INVALID'),
    'whose text is none': () => rejects(readAll(new MemorySource(withNul)), 'TEXT_INVALID'),
    'that failed, though a later copy of it did not': async () => {
      const file = await openParquet(new MemorySource(goodFile));
      await rejects(drain(file.copyRows({ columns: [7] })), 'BAD_INPUT');
      await drain(file.copyRows());
      await file.close();
    },
    'that was left in the middle': async () => {
      const file = await openParquet(new MemorySource(long));
      for await (const _ of file.copyRows()) break;
      await file.close();
    },
    'that was opened only': async () => {
      const file = await openParquet(new MemorySource(goodFile));
      await file.close();
    },
    "that is another writer's than was said": () => rejects(openPart(new MemorySource(goodFile)), 'PARQUET_INVALID'),
    'that was aborted': async () => {
      const controller = new AbortController();
      const file = await openParquet(new MemorySource(goodFile), { signal: controller.signal });
      controller.abort();
      await rejects(drain(file.copyRows()), 'CANCELLED');
      await file.close();
    },
    'whose bytes did not come': async () => {
      const broken = new AppError('FILE_CHANGED', 'the object was replaced while it was read');
      await rejects(openParquet({ sizeBytes: 1000, read: () => Promise.reject(broken) }), 'FILE_CHANGED');
    },
  };

  for (const [what, fail] of Object.entries(failures)) {
    test(`a thread whose file was one ${what} serves no other file`, async () => {
      await readGood();
      const [thread] = started.slice(-1);
      assert.ok(isAlive(thread));
      assert.equal(await startedBy(fail), 0);
      assert.ok(!isAlive(thread));
      assert.equal(await startedBy(readGood), 1);
    });
  }
});

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, { code });
}

async function drain(rows: AsyncGenerator<Buffer, void>): Promise<void> {
  for await (const _ of rows);
}

describe("the encoder's thread", () => {
  test('a second part is written by the thread of the first', async () => {
    await writeSmall();
    assert.equal(await startedBy(writeSmall), 0);
  });

  const failures: Record<string, () => Promise<void>> = {
    'with lines that are none': writeBad,
    'that was not finished': async () => {
      await using writer = openPartWriter(small);
      await writer.write(Buffer.from('x\n'));
    },
    'that was aborted': async () => {
      const controller = new AbortController();
      await using writer = openPartWriter({ ...small, signal: controller.signal });
      await writer.write(Buffer.from('x\n'));
      controller.abort();
      await rejects(writer.finish(new Map()), 'CANCELLED');
    },
  };

  for (const [what, fail] of Object.entries(failures)) {
    test(`a thread whose part was one ${what} writes no other`, async () => {
      await writeSmall();
      const [thread] = started.slice(-1);
      assert.ok(isAlive(thread));
      assert.equal(await startedBy(fail), 0);
      assert.ok(!isAlive(thread));
      assert.equal(await startedBy(writeSmall), 1);
    });
  }
});

/** Gives the footer's length at once, and the footer when it is told to. */
class LateSource extends MemorySource {
  readonly #asked = Promise.withResolvers<void>();
  readonly #answered = Promise.withResolvers<void>();

  get isAsked(): Promise<void> {
    return this.#asked.promise;
  }

  override async read(start: number, end: number): Promise<Uint8Array> {
    const bytes = await super.read(start, end);
    if (this.ranges.length > 1) {
      this.#asked.resolve();
      await this.#answered.promise;
    }
    return bytes;
  }

  /** Resolves when whoever asked has had the bytes. */
  async answer(): Promise<void> {
    this.#answered.resolve();
    await setImmediate();
  }
}

describe('a file that fills its threads', () => {
  const lines = linesOf(
    Array.from({ length: poolLimits.fileBytes / 1_000 + 100 }, (_, i) => [`${i}`.padEnd(1_000, 'x')]),
  );

  test('takes them along: none of them waits with what it left', async () => {
    await writeSmall();
    await readGood();
    const idle = started.filter(isAlive);
    assert.equal(idle.length, 2);
    const part = await write({ ...small, lines });
    assert.ok(lines.equals(await readPart(fileOf(part))));
    assert.equal(await startedBy(writeSmall), 1);
    assert.equal(await startedBy(readGood), 1);
    assert.deepEqual(idle.map(isAlive), [false, false]);
  });

  test('but takes no others along for bytes that come when it is over', async () => {
    await writeSmall();
    const source = new LateSource(withFooter(Buffer.from('PAR1'), Buffer.alloc(poolLimits.fileBytes + 1)));
    const controller = new AbortController();
    const opening = openParquet(source, { signal: controller.signal });
    await source.isAsked;
    controller.abort();
    await rejects(opening, 'CANCELLED');
    await source.answer();
    assert.equal(await startedBy(writeSmall), 0);
  });
});

/** Tables that leave as much as can be behind: dictionaries, texts beside, floats, decimals of all widths, every codec. */
const tables: readonly Table[] = [
  {
    columns: [column('id', 'int8'), column('name', 'text'), column('on', 'date')],
    lines: linesOf(
      Array.from({ length: 3_000 }, (_, i) => [
        String(i),
        `name ${((i * 7919) % 1_009) % 17}`,
        i % 50 === 3 ? 'infinity' : '2024-02-29',
      ]),
    ),
    compression: zstd,
  },
  { columns: [column('a', 'text')], lines: Buffer.alloc(0), compression: { codec: 'none' } },
  {
    // values of another table's dictionary, in runs and at other places of its own
    columns: [column('name', 'text'), column('id', 'int8')],
    lines: linesOf(
      Array.from({ length: 3_000 }, (_, i) => [
        `name ${16 - (((Math.floor(i / 3) * 7919) % 1_009) % 17)}`,
        String(3_000 - (i % 500)),
      ]),
    ),
    compression: zstd,
  },
  {
    columns: [column('f', 'float8'), column('r', 'float4'), decimal('d', 38, 10), decimal('s', 9, 2)],
    lines: linesOf(
      Array.from({ length: 2_000 }, (_, i) => [
        String(1 / (i + 3)),
        i % 2 === 0 ? '0.1' : '1e+20',
        `${i}12345678901234.0123456789`,
        `${i}.07`,
      ]),
    ),
    compression: { codec: 'gzip', level: 6 },
  },
  {
    columns: [column('u', 'uuid'), column('t', 'timestamptz'), column('b', 'boolean'), column('name', 'text')],
    lines: linesOf(
      Array.from({ length: 2_500 }, (_, i) => [
        `00000000-0000-4000-8000-${String(i % 9).padStart(12, '0')}`,
        i % 5 === 0 ? null : '2024-01-02 03:04:05.000006+00',
        i % 3 === 0 ? 't' : 'f',
        `a name that is no other's: ${i}`,
      ]),
    ),
    compression: { codec: 'snappy' },
  },
  {
    columns: [column('text', 'text'), column('n', 'int4')],
    lines: linesOf(Array.from({ length: 400 }, (_, i) => [`${i} `.repeat(1_000), String(-i)])),
    compression: { codec: 'zstd', level: 3 },
  },
];

/** Forwards and backwards, twice. */
const orders = [1, 5, 1, 5].flatMap((step) => tables.map((_, i) => (i * step) % tables.length));

describe('what comes of a thread', () => {
  test('bytes of a part are the same whichever thread writes it, and whatever it wrote before', async () => {
    const fresh: string[] = [];
    for (const table of tables) {
      await writeBad();
      assert.equal(await startedBy(async () => fresh.push((await write(table)).sha256)), 1);
    }
    const count = await startedBy(async () => {
      for (const index of orders) assert.equal((await write(tables[index] as Table)).sha256, fresh[index]);
    });
    assert.ok(count < tables.length, `${count} threads for ${orders.length} parts`);
  });

  test('rows of a file are the same whichever thread decodes it, and whatever it decoded before', async () => {
    const files: Buffer[] = [];
    for (const table of tables) files.push(fileOf(await write(table)));
    const count = await startedBy(async () => {
      for (const index of orders) {
        const lines = await readPart(files[index] as Buffer);
        assert.ok(lines.equals((tables[index] as Table).lines), `table ${index}`);
      }
    });
    assert.ok(count < tables.length, `${count} threads for ${orders.length} files`);
  });

  test('parts under way at once have a thread each, and each its own bytes', async () => {
    const one = await write(small);
    const parts = await Promise.all(tables.map((table) => write(table)));
    const again = await Promise.all(tables.map((table) => write(table)));
    assert.deepEqual(
      again.map(({ sha256 }) => sha256),
      parts.map(({ sha256 }) => sha256),
    );
    assert.notEqual(one.sha256, parts[1]?.sha256);
  });
});

test('idle threads do not keep the process alive: it ends by itself while they wait', async () => {
  const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const threads = [];
    process.on('worker', (worker) => threads.push(worker));
    const { openPartWriter } = await import(${here('../../src/parquet/write/part-writer.ts')});
    const { fileOf, readPart } = await import(${here('./write/parts.ts')});
    const writer = openPartWriter({ columns: [{ name: 'a', type: { kind: 'text' } }], compression: { codec: 'none' } });
    await writer.write(Buffer.from('x\\n'));
    const lines = await readPart(fileOf(await writer.finish(new Map())));
    await writer[Symbol.asyncDispose]();
    process.on('beforeExit', () => {
      console.log(String(lines).trim(), threads.filter(({ threadId }) => threadId !== -1).length);
    });`;
  const child = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 60_000,
  });
  assert.equal(child.stdout, 'x 2\n');
});
