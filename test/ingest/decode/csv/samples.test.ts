import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Row } from '../../../../src/ingest/decode/csv/cells.ts';
import { decodeCsv } from '../../../../src/ingest/decode/csv/decode-csv.ts';
import type { CsvPart } from '../../../../src/ingest/decode/csv/part.ts';
import { type CopyError, explainCopyError } from '../../../../src/ingest/decode/csv/ragged.ts';
import { gunzip } from '../../../../src/ingest/decode/gunzip.ts';
import { readCsvCells } from '../../../../src/ingest/decode/second-reading/read-csv-cells.ts';
import { inChunks, refused } from '../../../fixtures/decode/bytes.ts';
import { type CopyTarget, startCopyTarget } from '../../../fixtures/decode/copy-target.ts';

const samples = resolve(process.env['BILLVAULT_TEST_SAMPLES'] ?? '../shared/samples');
const ragged = 'legacy-csv/test_cur.csv.gz';
const large = 'legacy-delivery/tagged/20190701-20190801/41bfd0a4-9966-4101-bbd8-efeac6b1efdf/July-2019-tagged.csv.gz';

/** An odd chunk size, so that records, quotes and characters are cut everywhere. */
const chunkBytes = 9973;

function part(path: string): CsvPart {
  const bytes = inChunks(readFileSync(join(samples, path)), chunkBytes);
  return { name: path, bytes: path.endsWith('.gz') ? gunzip(bytes, { name: path }) : bytes };
}

async function readWithDuckDb(path: string, columns: number): Promise<readonly Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const names = Array.from({ length: columns }, (_, i) => `'c${i}': 'varchar'`).join(', ');
  const reader = await connection.runAndReadAll(
    `select * from read_csv($path, columns = {${names}}, header = false,
    skip = 1, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false,
    parallel = false)`,
    { path: join(samples, path) },
  );
  const rows = reader.getRowsJson() as Row[];
  connection.closeSync();
  instance.closeSync();
  return rows;
}

suite('billing CSV that others wrote', { skip: existsSync(samples) ? false : `no samples in ${samples}` }, () => {
  let target: CopyTarget;
  before(async () => {
    target = await startCopyTarget();
  });
  after(() => target.close());

  const folders = ['csv-torture', 'legacy-csv', 'focus'];
  const files = existsSync(samples)
    ? folders.flatMap((folder) => readdirSync(join(samples, folder)).map((file) => `${folder}/${file}`))
    : [];
  for (const path of [...files, large]) {
    if (!/\.csv(\.gz)?$/.test(path) || path === ragged) continue;
    test(`every row and cell of ${path} is the same to PostgreSQL, csv-parse and DuckDB`, async () => {
      const file = await decodeCsv([part(path)]);
      const names = file.columns.map((_, i) => `c${i}`);
      const postgres = (await target.copy(names, file.rows())).map(({ cells }) => cells);
      const reading = await readCsvCells([part(path)]);
      assert.deepEqual(reading.columns, file.columns);
      let at = 0;
      for await (const batch of reading.batches) {
        assert.deepEqual(batch, postgres.slice(at, at + batch.length));
        at += batch.length;
      }
      assert.equal(at, postgres.length);
      assert.equal(file.rowCount(), postgres.length);
      assert.deepEqual(await readWithDuckDb(path, file.columns.length), postgres);
    });
  }

  test('a file with fewer cells than names is refused with line, counts and the column', async () => {
    const file = await decodeCsv([part(ragged)]);
    const copyColumns = file.columns.map((_, i) => `c${i}`);
    const copied = { name: ragged, columns: file.columns, copyColumns, placeOf: (row: number) => file.placeOf(row) };
    await assert.rejects(
      target.copy(copyColumns, file.rows()).catch((error: CopyError) => {
        throw explainCopyError(error, copied);
      }),
      refused(
        'CSV_RAGGED',
        `${ragged}, line 2 has 130 cells, the header names 131 (the first without a value: "costCategory/CostCenter"`,
      ),
    );
    const reading = await readCsvCells([part(ragged)]);
    await assert.rejects(
      async () => {
        for await (const _ of reading.batches);
      },
      refused('CSV_RAGGED', '130 cells', '131'),
    );
  });
});
