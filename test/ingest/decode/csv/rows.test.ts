import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCsv } from '../../../../src/ingest/decode/csv/decode-csv.ts';
import { collect, inChunks } from '../../../fixtures/decode/bytes.ts';

test('records are numbered and otherwise unchanged, wherever chunks and output buffers are cut', async () => {
  // rows of every length from 0 to 4 KB end at every place of the output buffers
  const records = Array.from({ length: 4000 }, (_, i) =>
    i % 7 === 0 ? `"${'q,\r\n'.repeat(i % 50)}"` : 'é'.repeat(i % 2048),
  );
  const csv = `c\n${records.map((record) => `${record}\n`).join('')}`;
  const expected = records.map((record, i) => `${i + 1},${record}\n`).join('');
  for (const chunkBytes of [997, 65_536, 10_000_000]) {
    const file = await decodeCsv([{ name: 'f.csv', bytes: inChunks(csv, chunkBytes) }]);
    assert.ok((await collect(file.rows())).equals(Buffer.from(expected)), `chunks of ${chunkBytes}`);
  }
});

test('short rows fill output buffers to the last byte', async () => {
  for (const record of ['', 'x', 'xx', 'xyz']) {
    const file = await decodeCsv([{ name: 'f.csv', bytes: inChunks(`c\n${`${record}\n`.repeat(300_000)}`) }]);
    const expected = Array.from({ length: 300_000 }, (_, i) => `${i + 1},${record}\n`).join('');
    assert.ok((await collect(file.rows())).equals(Buffer.from(expected)), JSON.stringify(record));
  }
});
