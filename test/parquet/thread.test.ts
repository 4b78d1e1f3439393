import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppError } from '../../src/errors.ts';
import type { ByteSource } from '../../src/parquet/byte-source.ts';
import { openParquet } from '../../src/parquet/parquet-file.ts';
import { readAll } from './copy-text.ts';
import { MemorySource } from './file-source.ts';
import { handMade, textColumn, withFooter } from './hand-made.ts';

const rowCount = 2_000;
const bigFile = handMade({
  columns: [
    textColumn('a', ...Array.from({ length: rowCount }, (_, i) => `a value ${i} ${'that is long '.repeat(300)}`)),
  ],
  rowCount,
});

/** Serves the footer and then never answers. */
class StalledSource extends MemorySource {
  override async read(start: number, end: number): Promise<Uint8Array> {
    return this.ranges.length === 0 ? super.read(start, end) : new Promise(() => {});
  }
}

describe('the decoder thread', () => {
  test('a decoder whose heap is full ends that file only: the process lives and reads the next', async () => {
    // a list of thirty million empty structs in the footer's place of the schema
    const count = 30_000_000;
    const footer = Buffer.alloc(count + 10);
    footer.set([0x29, 0xfc, ...[0, 7, 14, 21].map((shift) => ((count >> shift) & 127) | (shift < 21 ? 128 : 0))]);
    const source = new MemorySource(withFooter(Buffer.from('PAR1'), footer));
    const limits = { maxFooterBytes: 2 ** 30, maxFooterValues: 2 ** 30 };
    await assert.rejects(openParquet(source, { limits }), { code: 'DECODER_CRASHED' });
    const { rows } = await readAll(new MemorySource(handMade({ columns: [textColumn('a', 'x')], rowCount: 1 })));
    assert.deepEqual(rows, [['x']]);
  });

  test('an abort ends a read that would never come back', async () => {
    const controller = new AbortController();
    const file = await openParquet(new StalledSource(bigFile), { signal: controller.signal });
    const copying = file.copyRows().next();
    controller.abort();
    await assert.rejects(copying, { code: 'CANCELLED' });
    await file.close();
  });

  test('a signal that is aborted already opens nothing', async () => {
    await assert.rejects(openParquet(new MemorySource(bigFile), { signal: AbortSignal.abort() }), {
      code: 'CANCELLED',
    });
  });

  test("the source's own error comes out as it is", async () => {
    const broken = new AppError('FILE_CHANGED', 'the object was replaced while it was read');
    const source: ByteSource = { sizeBytes: 1000, read: () => Promise.reject(broken) };
    await assert.rejects(openParquet(source), (error) => error === broken);
  });

  test('a source that gives fewer bytes than asked for is an error, not a short file', async () => {
    const source: ByteSource = { sizeBytes: 1000, read: async () => new Uint8Array(5) };
    await assert.rejects(openParquet(source), { code: 'INTERNAL' });
  });

  test('rows can be left in the middle, and copied again from the first', async () => {
    const file = await openParquet(new MemorySource(bigFile));
    for await (const chunk of file.copyRows()) {
      assert.ok(chunk.toString().startsWith('1\ta value'));
      break;
    }
    let lines = 0;
    for await (const chunk of file.copyRows()) lines += chunk.toString().split('\n').length - 1;
    assert.equal(lines, rowCount);
    await file.close();
  });

  test('a file that is closed while it is copied says so, and may be closed twice', async () => {
    const file = await openParquet(new MemorySource(bigFile));
    const rows = file.copyRows();
    await rows.next();
    await file.close();
    await file.close();
    await assert.rejects(
      async () => {
        for await (const _ of rows);
      },
      { code: 'CANCELLED' },
    );
  });
});
