import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { AppError } from '../../../src/errors.ts';
import { gunzip } from '../../../src/ingest/decode/gunzip.ts';
import { defaultLimits } from '../../../src/ingest/decode/limits.ts';
import { collect, inChunks, refused } from '../../fixtures/decode/bytes.ts';

const hello = gzipSync('hello\n');
const world = gzipSync('world\n');
const chunkSizes = [1, 7, hello.length, 100_000];

async function expand(bytes: Uint8Array, chunkBytes = 100_000): Promise<string> {
  return (await collect(gunzip(inChunks(bytes, chunkBytes), { name: 'k.gz' }))).toString();
}

async function refusesAll(bytes: Uint8Array, ...words: readonly (string | RegExp)[]): Promise<void> {
  for (const size of chunkSizes) await assert.rejects(expand(bytes, size), refused('GZIP_INVALID', 'k.gz', ...words));
}

suite('gunzip', () => {
  test('several members are one text, wherever the chunks are cut', async () => {
    for (const size of chunkSizes) {
      assert.equal(await expand(Buffer.concat([hello, gzipSync(''), world]), size), 'hello\nworld\n');
    }
  });

  test('zeros after the last member are padding', async () => {
    for (const size of [...chunkSizes, 3000]) {
      assert.equal(
        await expand(Buffer.concat([hello, world, Buffer.alloc(size < 100 ? 300 : 200_000)]), size),
        'hello\nworld\n',
      );
    }
  });

  test('anything else after the last member is refused', async () => {
    await refusesAll(Buffer.concat([hello, Buffer.from('garbage')]));
    await refusesAll(Buffer.concat([hello, Buffer.from([0x1f])]));
    await refusesAll(Buffer.concat([hello, Buffer.alloc(300), world]), 'byte 26');
  });

  test('a truncated file is refused, wherever it ends', async () => {
    for (let end = 1; end < hello.length; end++) {
      await assert.rejects(expand(hello.subarray(0, end)), refused('GZIP_INVALID', 'unexpected end'));
    }
  });

  test('a wrong CRC or length is refused', async () => {
    const crc = Buffer.from(hello);
    crc.writeUInt32LE(1, hello.length - 8);
    await refusesAll(crc, 'data check');
    const length = Buffer.from(hello);
    length.writeUInt32LE(1, hello.length - 4);
    await refusesAll(length, 'length check');
  });

  test('a bomb is refused long before it is expanded', async () => {
    async function* bomb(): AsyncGenerator<Buffer, void> {
      const gzip = createGzip();
      const zeros = Buffer.alloc(1024 * 1024);
      // 10 GB, were it read to its end
      const feeding = (async () => {
        for (let i = 0; i < 10_000 && !gzip.destroyed; i++)
          if (!gzip.write(zeros)) await new Promise((done) => gzip.once('drain', done));
      })();
      feeding.catch(() => {});
      yield* gzip as AsyncIterable<Buffer>;
    }
    let expanded = 0;
    await assert.rejects(
      async () => {
        for await (const chunk of gunzip(bomb(), { name: 'b.gz' })) expanded += chunk.length;
      },
      refused('EXPANDS_TOO_MUCH', 'b.gz', '250'),
    );
    assert.ok(expanded <= defaultLimits.expansionFreeBytes, `${expanded} bytes`);
    const limits = { ...defaultLimits, maxExpandedBytes: 5 };
    await assert.rejects(
      collect(gunzip(inChunks(hello), { name: 'k.gz', limits })),
      refused('EXPANDS_TOO_MUCH', '5 bytes'),
    );
  });

  test('an error of the source passes as it is', async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void> {
      yield hello.subarray(0, 10);
      throw new AppError('NETWORK', 'connection reset');
    }
    await assert.rejects(collect(gunzip(broken(), { name: 'k.gz' })), refused('NETWORK', 'connection reset'));
  });

  test('whoever stops early closes the source', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      try {
        for (;;) yield gzipSync(Buffer.alloc(100_000, 'abc'), { level: 1 });
      } finally {
        closed = true;
      }
    }
    for await (const _ of gunzip(endless(), { name: 'k.gz' })) break;
    for (let i = 0; i < 1000 && !closed; i++) await new Promise((turn) => setImmediate(turn));
    assert.ok(closed);
  });

  test('a source that falls silent can be cancelled', async () => {
    const controller = new AbortController();
    async function* silent(): AsyncGenerator<Uint8Array, void> {
      yield hello;
      controller.abort(new AppError('LEASE_LOST', 'the lease is gone'));
      await new Promise(() => {});
    }
    await assert.rejects(collect(gunzip(silent(), { name: 'k.gz', signal: controller.signal })), refused('LEASE_LOST'));
  });
});
