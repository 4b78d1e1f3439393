import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import fc from 'fast-check';
import type { Cell, Row } from '../../../../src/ingest/decode/csv/cells.ts';
import { decodeCsv } from '../../../../src/ingest/decode/csv/decode-csv.ts';
import { type CopyError, explainCopyError } from '../../../../src/ingest/decode/csv/ragged.ts';
import { foldSurplus } from '../../../../src/ingest/decode/csv/wide.ts';
import { readCsvCells } from '../../../../src/ingest/decode/second-reading/read-csv-cells.ts';
import { inChunks } from '../../../fixtures/decode/bytes.ts';
import { type CopiedRow, type CopyTarget, startCopyTarget } from '../../../fixtures/decode/copy-target.ts';

let target: CopyTarget;
before(async () => {
  target = await startCopyTarget();
});
after(() => target.close());

const names = (columns: readonly string[]): readonly string[] => columns.map((_, i) => `c${i}`);

interface Readings {
  readonly columns: readonly string[];
  readonly postgres: readonly Row[];
  readonly second: readonly Row[];
}

/** A CSV as COPY reads what we make of it, and as csv-parse reads it. */
async function readBoth(csv: string | Uint8Array, chunkBytes = 64 * 1024): Promise<Readings> {
  const file = await decodeCsv([{ name: 'f.csv', bytes: inChunks(csv, chunkBytes) }]);
  const copied = await target.copy(names(file.columns), file.rows());
  assert.deepEqual(
    copied.map(({ row }) => row),
    copied.map((_, i) => i + 1),
  );
  assert.equal(file.rowCount(), copied.length);
  const reading = await readCsvCells([{ name: 'f.csv', bytes: inChunks(csv, chunkBytes) }]);
  assert.deepEqual(reading.columns, file.columns);
  const second: Row[] = [];
  for await (const batch of reading.batches) second.push(...batch);
  return { columns: file.columns, postgres: copied.map(({ cells }) => cells), second };
}

async function refusal(csv: string): Promise<unknown> {
  const file = await decodeCsv([{ name: 'f.csv', bytes: inChunks(csv) }]);
  const copyColumns = names(file.columns);
  try {
    await target.copy(copyColumns, file.rows());
  } catch (error) {
    return explainCopyError(error as CopyError, {
      name: 'f.csv',
      columns: file.columns,
      copyColumns,
      placeOf: (row) => file.placeOf(row),
    });
  }
  return undefined;
}

suite('what we hand to COPY', () => {
  const cases: readonly (readonly [string, string, readonly (readonly Cell[])[]])[] = [
    ['an unquoted empty cell is null, a quoted one is not', 'a,b\n,""\n', [[null, '']]],
    ['the text NULL stays text', 'a,b\nNULL,"NULL"\n', [['NULL', 'NULL']]],
    ['a backslash and a dot alone on a line are data', 'a\n\\.\n\\N\n"x\n\\.\ny"\n', [['\\.'], ['\\N'], ['x\n\\.\ny']]],
    [
      'a blank line is no row of several columns',
      'a,b\n\n1,2\r\n\r\n\n3,4\n\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['a blank line is a null row of one column', 'a\n\nx\n\n', [[null], ['x'], [null]]],
    [
      'the last row may lack its line end',
      'a,b\n1,2\n3,',
      [
        ['1', '2'],
        ['3', null],
      ],
    ],
    [
      'LF and CRLF may be mixed',
      'a,b\r\n1,2\n3,4\r\n5,6\n',
      [
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
    ],
    ['line ends in quotes stay as they were', 'a,b\r\n"1\r\n2\r3\n4","\r"\n', [['1\r\n2\r3\n4', '\r']]],
    [
      'doubled quotes are one',
      'a,b\n"""","x""y"\n"""a""",""""""\n',
      [
        ['"', 'x"y'],
        ['"a"', '""'],
      ],
    ],
    ['a byte order mark is no part of the first name', '\ufeffa,b\n1,2\n', [['1', '2']]],
    ['text of every width of UTF-8 arrives', 'a\né€😀\u{10ffff}\n', [['é€😀\u{10ffff}']]],
    ['spaces are data', 'a,b\n x , \n', [[' x ', ' ']]],
    ['a header alone holds no rows', 'a,b\n', []],
    ['a header alone without its line end holds no rows', 'a,b', []],
  ];
  for (const [guarantee, csv, rows] of cases) {
    test(guarantee, async () => {
      for (const chunkBytes of [1, 2, 3, 1024]) {
        const readings = await readBoth(csv, chunkBytes);
        assert.deepEqual(readings.postgres, rows, `PostgreSQL, chunks of ${chunkBytes}`);
        assert.deepEqual(readings.second, rows, `csv-parse, chunks of ${chunkBytes}`);
      }
    });
  }

  test('any cells at all, written as CSV, come back out of PostgreSQL and of csv-parse as they were', async () => {
    const fragment = fc.constantFrom(
      '',
      '"',
      '""',
      ',',
      '\n',
      '\r',
      '\r\n',
      '\\.',
      '\\N',
      'NULL',
      ' ',
      "'",
      '\t',
      'é',
      '😀',
      '\u2028',
      '{}',
      'a',
    );
    const text = fc.oneof(
      fc.array(fragment, { maxLength: 6 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.replaceAll('\0', '').toWellFormed()),
    );
    const cell = fc.record({ value: fc.option(text, { freq: 5 }), quoted: fc.boolean() });
    const table = fc.integer({ min: 1, max: 5 }).chain((columns) =>
      fc.record({
        columns: fc.constant(columns),
        rows: fc.array(
          fc.record({
            cells: fc.array(cell, { minLength: columns, maxLength: columns }),
            end: fc.constantFrom('\n', '\r\n'),
          }),
          { maxLength: 12 },
        ),
        chunkBytes: fc.integer({ min: 1, max: 40 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(table, async ({ columns, rows, chunkBytes }) => {
        const header = Array.from({ length: columns }, (_, i) => `n${i}`).join(',');
        const lines = rows.map(
          ({ cells, end }) => `${cells.map(({ value, quoted }) => toCsv(value, quoted)).join(',')}${end}`,
        );
        const expected = rows.map(({ cells }) => cells.map(({ value }) => value));
        const readings = await readBoth(`${header}\n${lines.join('')}`, chunkBytes);
        assert.deepEqual(readings.postgres, expected);
        assert.deepEqual(readings.second, expected);
      }),
      { numRuns: 300 },
    );
  });

  test('surplus columns become one JSON object in which null and empty stay apart', async () => {
    const csv = 'a,b,c,d,c\n1,"x,y",,"",__\n2,,"é""\n",p,\n3,"",,,\n';
    const file = await decodeCsv([{ name: 'f.csv', bytes: inChunks(csv, 3) }]);
    const rows = foldSurplus(file, {
      name: 'f.csv',
      surplus: [undefined, undefined, 'c', 'd', '__proto__'],
      maxRowBytes: 1000,
    });
    const copied = await target.copy(['a', 'b', '_more'], rows, { _more: 'jsonb' });
    const plain: readonly CopiedRow[] = JSON.parse(JSON.stringify(copied));
    assert.deepEqual(plain, [
      { row: 1, cells: ['1', 'x,y', JSON.parse('{"d": "", "__proto__": "__"}')] },
      { row: 2, cells: ['2', null, { c: 'é"\n', d: 'p' }] },
      { row: 3, cells: ['3', '', {}] },
    ]);
  });
});

function toCsv(value: string | null, quoted: boolean): string {
  if (value === null) return '';
  return quoted || value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

suite('what COPY refuses is explained in terms of the file', () => {
  test('a short row: its line, its cells, the first column without a value', async () => {
    const csv = '"resource\ntag",b,c\n1,2,3\n\n"4\n\n",5,6\r\n7,8\n';
    assert.deepEqual(
      String(await refusal(csv)),
      'AppError: f.csv, line 8 has 2 cells, the header names 3 (the first without a value: "c")',
    );
  });

  test('a long row: its line', async () => {
    const csv = 'a,b\n"1\n",2\n3,4,5\n';
    assert.deepEqual(
      String(await refusal(csv)),
      'AppError: f.csv, line 4 has more than 2 cells, the number of columns that the header names',
    );
  });

  test('a row whose first cells look like a row number is not mistaken', async () => {
    assert.match(String(await refusal('a,b\n1,2\n99,1\n"5,",1\n7\n')), /line 5 has 1 cell,/);
  });

  test('a row that does not fit a page: about where it is', async () => {
    const header = Array.from({ length: 1000 }, (_, i) => `c${i}`).join(',');
    const csv = `${header}\n${','.repeat(999)}\n\n${'12345678,'.repeat(999)}1\n`;
    assert.match(String(await refusal(csv)), /^AppError: f\.csv, at or before line [45]: row is too big/);
  });

  test('what is no fault of the file is not explained away', () => {
    const file = { name: 'f.csv', columns: ['a'], copyColumns: ['a'], placeOf: () => undefined };
    assert.equal(explainCopyError({ code: '57014', message: 'canceling statement' }, file), undefined);
  });
});
