import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ErrorCode } from '../../../../src/errors.ts';
import { decodeCsv } from '../../../../src/ingest/decode/csv/decode-csv.ts';
import type { CsvPart } from '../../../../src/ingest/decode/csv/part.ts';
import { readCsvCells } from '../../../../src/ingest/decode/second-reading/read-csv-cells.ts';
import { collect, inChunks, refused } from '../../../fixtures/decode/bytes.ts';

const chunkSizes = [1, 2, 3, 5, 1000];

async function decode(parts: readonly CsvPart[]): Promise<string> {
  const file = await decodeCsv(parts);
  return (await collect(file.rows())).toString();
}

async function readAgain(parts: readonly CsvPart[]): Promise<void> {
  const reading = await readCsvCells(parts);
  for await (const _ of reading.batches);
}

/** Both readings refuse it, however it is cut; the message of the first has all these words. */
async function refusedByBoth(csv: string | Uint8Array, code: ErrorCode, ...words: readonly string[]): Promise<void> {
  for (const size of chunkSizes) {
    await assert.rejects(decode([{ name: 'f.csv', bytes: inChunks(csv, size) }]), refused(code, 'f.csv', ...words));
    await assert.rejects(readAgain([{ name: 'f.csv', bytes: inChunks(csv, size) }]), refused(code, 'f.csv'));
  }
}

suite('both readings refuse', () => {
  test('a quote that is never closed, with the line where it was opened', () =>
    refusedByBoth('a,b\n"x\n",y\nz,"u""\n1,2\n', 'CSV_INVALID', 'line 4', 'never closed'));
  test('a quote inside an unquoted cell', () =>
    refusedByBoth('a,b\n1,2\nx,5" disk\n', 'CSV_INVALID', 'line 3, byte 11'));
  test('text after a closing quote', () => refusedByBoth('a,b\n1,"x"y\n', 'CSV_INVALID', 'line 2, byte 9'));
  test('a space after a closing quote', () => refusedByBoth('a,b\n"x" ,1\n', 'CSV_INVALID', 'line 2, byte 7'));
  test('a carriage return alone outside quotes', () =>
    refusedByBoth('a,b\n1,2\r3,4\n', 'CSV_INVALID', 'line 2, byte 7'));
  test('a NUL byte', () => refusedByBoth('a,b\n1,\0\n', 'TEXT_INVALID', 'line 2, byte 6', 'NUL'));
  test('a byte that begins no UTF-8', () =>
    refusedByBoth(Buffer.from('a,b\né,\n\xe9,\n', 'latin1'), 'TEXT_INVALID', 'line 2, byte 4'));
  test('a character that is cut by the next', () =>
    refusedByBoth(Buffer.from('a\nok\n\xf0\x9f\x98x\n', 'latin1'), 'TEXT_INVALID', 'line 3, byte 5'));
  test('a character that is cut by the end', () =>
    refusedByBoth(Buffer.from('a\nok\nx\xe2\x82', 'latin1'), 'TEXT_INVALID', 'line 3, byte 6'));
  test('surrogates and overlong forms', async () => {
    await refusedByBoth(Buffer.from('a\n\xed\xa0\x80\n', 'latin1'), 'TEXT_INVALID', 'line 2, byte 2');
    await refusedByBoth(Buffer.from('a\n\xc0\xaf\n', 'latin1'), 'TEXT_INVALID', 'line 2, byte 2');
  });
});

suite('a header', () => {
  async function columns(csv: string | Uint8Array, size: number): Promise<readonly string[]> {
    return (await decodeCsv([{ name: 'f.csv', bytes: inChunks(csv, size) }])).columns;
  }

  test('keeps every name as it is written, wherever the chunks are cut', async () => {
    const names = ['', 'a', 'a', 'A', ' b ', 'x\r\ny', 'say "hi"', "'; drop table x; --", 'é'.repeat(40), ''];
    const header = names.map((name) => (/[\n"]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',');
    for (const size of chunkSizes) assert.deepEqual(await columns(`${header}\r\n`, size), names);
  });

  test('may name 10,000 columns', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `resourceTags/user:${i}`);
    assert.deepEqual(await columns(`${names.join(',')}\n`, 1000), names);
  });

  test('of no bytes names no columns and holds no rows', async () => {
    for (const csv of ['', '\ufeff']) {
      const file = await decodeCsv([{ name: 'f.csv', bytes: inChunks(csv) }]);
      assert.deepEqual([file.columns, (await collect(file.rows())).length], [[], 0]);
    }
  });

  const cases: readonly (readonly [string, string | Uint8Array, ErrorCode, string])[] = [
    ['that is blank is refused', '\na,b\n', 'HEADER_INVALID', 'blank'],
    ['with an open quote is refused', 'a,"b\n1,2\n', 'HEADER_INVALID', 'never closed'],
    ['with a quote inside a name is refused', 'a"b,c\n', 'HEADER_INVALID', 'quote'],
    ['that ends in a lone carriage return is refused', 'a,b\r1,2\r', 'HEADER_INVALID', 'carriage return'],
    ['in Latin-1 is refused', Buffer.from('a,\xe9\n', 'latin1'), 'TEXT_INVALID', 'UTF-8'],
    [
      'in UTF-16 is refused with what to do',
      Buffer.from('\ufeffa,b\n', 'utf16le'),
      'TEXT_INVALID',
      'export it as UTF-8',
    ],
    ['of too many columns is refused', `${','.repeat(20_000)}\n`, 'HEADER_INVALID', '20001'],
  ];
  for (const [guarantee, csv, code, word] of cases) {
    test(guarantee, async () => {
      for (const size of [1, 1000]) await assert.rejects(columns(csv, size), refused(code, 'f.csv', word));
    });
  }
});

suite('memory stays bounded', () => {
  /** A gigabyte of text that nobody ever holds, and how much of it was asked for. */
  function gigabyte(
    start: string,
    filler: string,
  ): { readonly bytes: AsyncGenerator<Uint8Array, void>; taken: () => number } {
    let taken = 0;
    async function* bytes(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from(start);
      const block = Buffer.alloc(1024 * 1024, filler);
      for (; taken < 1024; taken++) yield Buffer.from(block);
    }
    return { bytes: bytes(), taken: () => taken };
  }

  test('a header without end is refused after 4 MB', async () => {
    for (const [start, filler] of [
      ['a', 'a'],
      ['a', ','],
      ['"', '\n'],
    ] as const) {
      const { bytes, taken } = gigabyte(start, filler);
      await assert.rejects(decodeCsv([{ name: 'f.csv', bytes }]), refused('HEADER_INVALID', 'longer than'));
      assert.ok(taken() <= 5, `${taken()} MB read`);
    }
  });

  test('a row without end is refused after 16 MB, with the line on which it began', async () => {
    for (const [start, filler] of [
      ['a,b\n1,2\n3,', 'x'],
      ['a,b\n1,2\n3,"', '\n'],
      ['a,b\n1,2\n"', '""'],
    ] as const) {
      const { bytes, taken } = gigabyte(start, filler);
      const file = await decodeCsv([{ name: 'f.csv', bytes }]);
      await assert.rejects(
        async () => {
          for await (const _ of file.rows());
        },
        refused('ROW_TOO_LONG', 'f.csv, line 3'),
      );
      assert.ok(taken() <= 18, `${taken()} MB read`);
      const again = gigabyte(start, filler);
      await assert.rejects(readAgain([{ name: 'f.csv', bytes: again.bytes }]), refused('ROW_TOO_LONG', 'f.csv'));
      // csv-parse counts characters, of which a doubled quote is one
      assert.ok(again.taken() <= 36, `${again.taken()} MB read`);
    }
  });

  test('blank lines without number and rows of many lines do not add up', async () => {
    async function* bytes(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from('a,b\n');
      const block = Buffer.from('\n1,"\n"\n'.repeat(10_000));
      for (let i = 0; i < 100; i++) yield Buffer.from(block);
    }
    const file = await decodeCsv([{ name: 'f.csv', bytes: bytes() }]);
    for await (const _ of file.rows());
    assert.equal(file.rowCount(), 1_000_000);
    assert.deepEqual(file.placeOf(1_000_000), { part: 'f.csv', line: 3 * 1_000_000 });
    assert.equal(file.placeOf(1), undefined);
  });
});

suite('several parts', () => {
  const part = (name: string, csv: string): CsvPart => ({ name, bytes: inChunks(csv, 3) });

  test('are one file: rows go on, each header is taken off, a missing last line end is completed', async () => {
    const parts = [part('1', 'a,b\n1,2\n3,4'), part('empty', ''), part('header', 'a,b'), part('2', '"a",b\r\n5,6\r\n')];
    const file = await decodeCsv(parts);
    assert.equal((await collect(file.rows())).toString(), '1,1,2\n2,3,4\n3,5,6\n');
    assert.deepEqual(file.placeOf(2), { part: '1', line: 3 });
    assert.deepEqual(file.placeOf(3), { part: '2', line: 2 });
  });

  test('are told apart by name even where lines and rows go on alike', async () => {
    const file = await decodeCsv([part('1', 'a,b\n1,2\n'), part('2', 'a,b\n\n3,4\n')]);
    await collect(file.rows());
    assert.deepEqual(file.placeOf(1), { part: '1', line: 2 });
    assert.deepEqual(file.placeOf(2), { part: '2', line: 3 });
  });

  test('with different headers are refused, with the part and the first difference', async () => {
    for (const [header, difference] of [
      ['b,a', 'column 1 is "b" and not "a"'],
      ['a', 'column 2 is missing and not "b"'],
      ['a,b,c', 'column 3 is "c" and not missing'],
    ] as const) {
      const parts = () => [part('x.csv', 'a,b\n1,2\n'), part('y.csv', `${header}\n`)];
      await assert.rejects(decode(parts()), refused('ZIP_INVALID', 'y.csv', difference));
      await assert.rejects(readAgain(parts()), refused('ZIP_INVALID', 'y.csv'));
    }
  });

  test('do not lend each other a closing quote', () =>
    assert.rejects(decode([part('x', 'a\n"1\n'), part('y', 'a\n1"\n')]), refused('CSV_INVALID', 'x, line 2')));
});

test('decoding stops when it is cancelled, and closes its source', async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array, void> {
    try {
      yield Buffer.from('a\n');
      for (;;) yield Buffer.from('x\n'.repeat(10_000));
    } finally {
      closed = true;
    }
  }
  const controller = new AbortController();
  const file = await decodeCsv([{ name: 'f.csv', bytes: endless() }], { signal: controller.signal });
  await assert.rejects(async () => {
    for await (const _ of file.rows()) controller.abort();
  }, refused('CANCELLED'));
  assert.ok(closed);
});

test('a file that is opened and not read closes its source', async () => {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array, void> {
    try {
      yield Buffer.from('a\n1\n');
    } finally {
      closed = true;
    }
  }
  const file = await decodeCsv([{ name: 'f.csv', bytes: source() }]);
  await file.close();
  assert.ok(closed);
});
