import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { detectFormat } from '../../../src/ingest/decode/format.ts';
import { refused } from '../../fixtures/decode/bytes.ts';

const gzip = gzipSync('a,b\n');
const zip = Buffer.from('PK\x03\x04rest', 'latin1');

test('the first bytes win over the name', () => {
  assert.deepEqual(detectFormat('a.csv', gzip), { container: 'gzip', content: 'csv' });
  assert.deepEqual(detectFormat('a.csv.gz', zip), { container: 'zip', content: 'csv' });
  assert.deepEqual(detectFormat('a.csv.gz', Buffer.from('PAR1')), { container: 'plain', content: 'parquet' });
});

test('text under any name that promises nothing else is CSV', () => {
  for (const key of ['report-1.csv', 'report', 'x/.csv', 'a.txt']) {
    assert.deepEqual(detectFormat(key, Buffer.from('a\n')), { container: 'plain', content: 'csv' });
  }
  assert.deepEqual(detectFormat('a.csv', Buffer.from('é;b')), { container: 'plain', content: 'csv' });
});

test('an object of no bytes is empty, whatever its name', () => {
  assert.equal(detectFormat('a.snappy.parquet', Buffer.alloc(0)), 'empty');
});

test('what is none of ours is refused by its key', () => {
  assert.throws(
    () => detectFormat('x/a.snappy.parquet', Buffer.from('<!DO')),
    refused('FORMAT_UNKNOWN', 'x/a.snappy.parquet'),
  );
  assert.throws(() => detectFormat('x/a.csv.gz', Buffer.from('<Err')), refused('FORMAT_UNKNOWN', 'x/a.csv.gz'));
  assert.throws(
    () => detectFormat('x/a.csv', Buffer.from([0, 1, 2, 3])),
    refused('FORMAT_UNKNOWN', 'x/a.csv', '00010203'),
  );
});
