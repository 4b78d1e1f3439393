import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { AppError } from '../../../../src/errors.ts';
import { decodeCsv } from '../../../../src/ingest/decode/csv/decode-csv.ts';
import type { DecodeLimits } from '../../../../src/ingest/decode/limits.ts';
import { openZip } from '../../../../src/ingest/decode/zip/zip.ts';
import { collect, refused } from '../../../fixtures/decode/bytes.ts';
import { asSource, type MadeEntry, makeZip } from '../../../fixtures/decode/zip-maker.ts';

async function rowsOf(zip: Uint8Array, limits: Partial<DecodeLimits> = {}): Promise<string> {
  const { parts } = await openZip(asSource(zip), { name: 'k.zip', limits });
  const file = await decodeCsv(parts);
  return (await collect(file.rows())).toString();
}

const one: MadeEntry = { name: 'report-1.csv', data: 'a,b\n1,2\n' };
const two: MadeEntry = { name: 'report-2.csv', data: 'a,b\n3,4' };

suite('a zip', () => {
  test('gives the rows of all its CSV entries in order, deflated or stored, 32 or 64 bits', async () => {
    for (const zip64 of [false, true]) {
      const zip = makeZip([one, { ...two, method: 0 }, { name: 'r3', data: 'a,b\n5,6\n' }], { zip64 });
      assert.equal(await rowsOf(zip), '1,1,2\n2,3,4\n3,5,6\n');
    }
  });

  test('reports what it skips: directories, manifests, what desktops leave', async () => {
    const junk = ['d/', 'd/x-Manifest.json', '__MACOSX/._report-1.csv', '.DS_Store', 'a/.DS_Store', 'create.sql'];
    const zip = makeZip([...junk.map((name) => ({ name, data: '' })), one]);
    const archive = await openZip(asSource(zip), { name: 'k.zip' });
    assert.deepEqual(archive.skipped, junk);
    assert.equal(archive.parts.length, 1);
  });

  test('without entries holds no rows', async () => {
    assert.equal(await rowsOf(makeZip([])), '');
  });

  test('of a large entry is read by a few large ranges, ahead of who reads it', async () => {
    const data = Buffer.from(`a\n${randomBytes(15_000_000).toString('base64')}\n`);
    const source = asSource(makeZip([{ name: 'r.csv', data }]));
    const { parts } = await openZip(source, { name: 'k.zip' });
    const [part] = parts;
    assert.ok(part);
    assert.deepEqual(await collect(part.bytes), data);
    assert.ok(source.reads() <= 8, `${source.reads()} reads`);
  });

  test('whose source breaks fails with the error of the source', async () => {
    const bytes = makeZip([one]);
    const broken = { sizeBytes: bytes.length, read: () => Promise.reject(new AppError('NETWORK', 'reset')) };
    await assert.rejects(openZip(broken, { name: 'k.zip' }), refused('NETWORK'));
  });
});

suite('a zip is refused', () => {
  const bomb = deflateRawSync(Buffer.alloc(100 * 1024 * 1024, 'a\n'));
  const cases: readonly (readonly [string, Uint8Array, AppError['code'], string])[] = [
    ['that is none', Buffer.from('PK\x03\x04 and nothing more'), 'ZIP_INVALID', 'k.zip'],
    ['that is cut', makeZip([one]).subarray(0, -10), 'ZIP_INVALID', 'k.zip'],
    [
      'with nothing but what is no data',
      makeZip([{ name: 'Manifest.json', data: '{}' }]),
      'ZIP_INVALID',
      'Manifest.json',
    ],
    ['with an encrypted entry', makeZip([{ ...one, flags: 1 }]), 'ZIP_INVALID', 'encrypted'],
    ['with a method that is not read', makeZip([{ ...one, method: 12 }]), 'ZIP_INVALID', 'method 12'],
    ['with a wrong CRC', makeZip([{ ...one, crc32: 1 }]), 'ZIP_INVALID', 'CRC'],
    ['with a wrong CRC of a stored entry', makeZip([{ ...one, method: 0, crc32: 1 }]), 'ZIP_INVALID', 'CRC'],
    [
      'with an entry longer than it says',
      makeZip([{ ...one, expandedBytes: 4 }]),
      'ZIP_INVALID',
      'more than the 4 bytes',
    ],
    [
      'with an entry shorter than it says',
      makeZip([{ ...one, expandedBytes: 99 }]),
      'ZIP_INVALID',
      '8 bytes and not 99',
    ],
    [
      'with broken deflate',
      makeZip([{ ...one, compressed: Buffer.from('no deflate at all') }]),
      'ZIP_INVALID',
      'report-1.csv',
    ],
    [
      'with cut deflate',
      makeZip([{ ...one, compressed: deflateRawSync('a,b\n1,2\n').subarray(0, 5) }]),
      'ZIP_INVALID',
      'report-1.csv',
    ],
    [
      'with bytes behind the deflate',
      makeZip([{ ...one, compressed: Buffer.concat([deflateRawSync('a,b\n1,2\n'), Buffer.from('more')]) }]),
      'ZIP_INVALID',
      'after the end',
    ],
    ['with a path that climbs', makeZip([{ ...one, name: '../../etc/x.csv' }]), 'ZIP_INVALID', '..'],
    ['with an absolute path', makeZip([{ ...one, name: '/x.csv' }]), 'ZIP_INVALID', '/x.csv'],
    [
      'with two entries over the same bytes',
      makeZip([one, { ...one, name: 'b.csv', shares: 0 }]),
      'ZIP_INVALID',
      'overlaps',
    ],
    ['with a parquet in it', makeZip([{ name: 'a.parquet', data: 'PAR1…' }]), 'PARQUET_UNSUPPORTED', 'a.parquet'],
    [
      'with a gzip in it',
      makeZip([{ name: 'a.csv.gz', data: Buffer.from([0x1f, 0x8b, 8, 0]) }]),
      'FORMAT_UNKNOWN',
      'a.csv.gz',
    ],
    ['with headers that differ', makeZip([one, { name: 'b.csv', data: 'a,c\n1,2\n' }]), 'ZIP_INVALID', 'b.csv'],
    [
      'that expands beyond all measure',
      makeZip([{ name: 'b.csv', data: '', compressed: bomb, expandedBytes: 100 * 1024 * 1024 }]),
      'EXPANDS_TOO_MUCH',
      '250 times',
    ],
  ];
  for (const [guarantee, zip, code, word] of cases) {
    test(guarantee, () => assert.rejects(rowsOf(zip), refused(code, 'k.zip', word)));
  }

  test('that says it expands beyond the limit, before anything is read of it', async () => {
    const zip = makeZip([
      { ...one, expandedBytes: 2000 },
      { ...two, expandedBytes: 2000 },
    ]);
    await assert.rejects(rowsOf(zip, { maxExpandedBytes: 3000 }), refused('EXPANDS_TOO_MUCH', '4000'));
  });

  test('with too many entries', async () => {
    const zip = makeZip(Array.from({ length: 1001 }, (_, i) => ({ name: `${i}.csv`, data: '' })));
    await assert.rejects(rowsOf(zip), refused('ZIP_INVALID', '1001 entries'));
  });

  test('with an entry that reaches into the next', async () => {
    const inner = makeZip([one]).subarray(0, -22);
    const outer: MadeEntry = { name: 'outer.csv', data: inner, method: 0 };
    const zip = makeZip([outer, two]);
    // the second entry's header is pointed at into the middle of the first one's data
    const entry = zip.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
    zip.writeUInt32LE(zip.indexOf(Buffer.from('report-1.csv')) - 30, entry + 42);
    await assert.rejects(rowsOf(zip), refused('ZIP_INVALID', 'outer.csv', 'overlaps'));
  });
});
