import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../../src/errors.ts';
import { kindOf } from '../../../src/ingest/discover/kind.ts';
import { type Manifest, maxManifestBytes, parseManifest, resolveKeys } from '../../../src/ingest/discover/manifest.ts';
import { bucket, bytesOf, dataExportManifest, legacyManifest } from './listing.ts';

const legacyKey = 'bills/hourly/20260501-20260601/hourly-Manifest.json';
const exportKey = 'exp/daily/metadata/billing_period=2026-05/daily-Manifest.json';
const chunk = 'exp/daily/data/billing_period=2026-05/2026-06-01T23:48:02.356Z-9b6b/daily-00001.snappy.parquet';

test('known bug: only the last key of the manifest was kept; all are, in order', () => {
  const keys = ['c-3', 'a-1', 'b-2'].map((name) => `bills/hourly/20260501-20260601/a1/${name}.csv.gz`);
  const manifest = parse(legacyManifest({ keys }), legacyKey);
  assert.deepEqual(manifest.dataKeys, keys);
  assert.deepEqual(manifest.period, { start: '2026-05-01', end: '2026-06-01' });
  assert.equal(manifest.payerAccount, '141375116029');
  assert.deepEqual([manifest.format, manifest.compression], ['csv', 'gzip']);
});

test('a Data Exports manifest: s3 URIs to keys to the letter, colons and double slashes kept; period from the path', () => {
  const keys = [chunk, chunk.replace('00001', '00002')];
  const manifest = parse(dataExportManifest({ keys }), exportKey);
  assert.deepEqual(manifest.dataKeys, keys);
  assert.equal(manifest.sourceName, 'daily');
  assert.equal(manifest.payerAccount, '141375116029');
  assert.equal(manifest.period.start, '2026-05-01');
  assert.deepEqual([manifest.format, manifest.compression], ['parquet', 'none']);
  const slashed = parse({ executionId: 'e', dataFiles: [`s3://${bucket}//${chunk}`] }, `/${exportKey}`);
  assert.deepEqual(slashed.dataKeys, [`/${chunk}`]);
});

test('an account in the aws-us-gov or aws-cn partition is found in the ARN too', () => {
  for (const partition of ['aws-us-gov', 'aws-cn']) {
    const exportArn = `arn:${partition}:bcm-data-exports:x:000000000012:export/my-own-name-8c5a76cc-1d9a-4ef8-9a25-76e8be5f1111`;
    const manifest = parse({ executionId: 'e', exportArn, dataFiles: [chunk] }, exportKey);
    assert.deepEqual([manifest.payerAccount, manifest.sourceName], ['000000000012', 'my-own-name']);
  }
});

test('data files may be objects with s3Uri or key; anything else is named', () => {
  const dataFiles = [{ s3Uri: `s3://${bucket}/${chunk}`, sizeBytes: 3 }, { key: `${chunk}2` }];
  assert.deepEqual(parse({ executionId: 'e', dataFiles }, exportKey).dataKeys, [chunk, `${chunk}2`]);
  refuses(
    { executionId: 'e', dataFiles: [chunk, { href: 'x' }] },
    exportKey,
    /dataFiles\[1\]: neither text nor an object/,
  );
  refuses({ executionId: 'e', dataFiles: ['https://x.example/a.csv'] }, exportKey, /no s3:\/\/ location/);
  refuses({ executionId: 'e', dataFiles: ['s3://a/x', 's3://b/y'] }, exportKey, /several buckets: a, b/);
});

test('what is not understood is refused with its name', () => {
  const good = legacyManifest({ keys: ['k'] });
  refuses('{"assemblyId":', legacyKey, /not JSON/);
  refuses('[]', legacyKey, /not a JSON object/);
  refuses('null', legacyKey, /not a JSON object/);
  refuses({}, legacyKey, /neither "reportKeys" .* nor "dataFiles"/);
  refuses({ ...good, reportKeys: 'k' }, legacyKey, /reportKeys: .*array/i);
  refuses({ ...good, reportKeys: ['k', 7] }, legacyKey, /reportKeys\[1\]: .*string/i);
  refuses({ ...good, reportKeys: [''] }, legacyKey, /reportKeys\[0\]/);
  refuses({ ...good, assemblyId: undefined }, legacyKey, /assemblyId/);
  refuses({ ...good, billingPeriod: { start: 'may', end: 'june' } }, legacyKey, /billingPeriod "may" to "june"/);
  refuses({ ...good, reportKeys: ['x'.repeat(5_000)] }, legacyKey, /reportKeys\[0\]/);
  refuses({ ...good, reportKeys: Array.from({ length: 100_001 }, () => 'k') }, legacyKey, /reportKeys/);
  refuses({ reportKeys: [] }, legacyKey, /assemblyId/);
  refuses(Buffer.from([0x7b, 0xff, 0x7d]), legacyKey, /UTF-8/);
});

test('a manifest whose folder says another month is refused, so that no month is published as another', () => {
  refuses(
    legacyManifest({ keys: ['k'] }),
    legacyKey.replace('20260501-20260601', '20260401-20260501'),
    /2026-05-01.*2026-04-01/,
  );
  refuses(dataExportManifest({ keys: [chunk] }), exportKey.replace('2026-05', '2026-04'), /2026-05-01.*2026-04-01/);
});

test('hostile manifests: endless nesting, millions of values, prototype keys, sheer size', () => {
  refuses('['.repeat(1_000_000), legacyKey, /deeper than 32/);
  refuses(`{"reportKeys":[${'{},'.repeat(3_000_000)}{}]}`, legacyKey, /more than 2000000 values/);
  refuses(Buffer.alloc(maxManifestBytes + 1, 0x20), legacyKey, /bytes, more than/);
  refuses('{"__proto__":{"assemblyId":"a","reportKeys":["k"]}}', legacyKey, /neither/);
  const bracketed = legacyManifest({ keys: [`a\\"${'['.repeat(100)}"`] });
  assert.equal(parse(bracketed, legacyKey).dataKeys.length, 1, 'brackets within text are text');
  refuses('{"constructor":1,"toString":2}', legacyKey, /neither/);
  const odd = '{"__proto__":{"polluted":1},"assemblyId":"a","reportKeys":["k"],"billingPeriod":null}';
  assert.deepEqual(parse(odd, legacyKey).dataKeys, ['k']);
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('known bug: keys with and without a leading slash are the same file; a listed key is taken exactly first', () => {
  const listedKeys = new Set(['/r/1.csv', 'r/2.csv', '/r/3.csv', 'r/3.csv', 'r/2026-06-01T23:48:02Z/4.csv']);
  const dataKeys = ['r/1.csv', '/r/2.csv', 'r/3.csv', 'r/2026-06-01T23%3A48%3A02Z/4.csv', 'r/5.csv'];
  assert.deepEqual(
    resolveKeys({ dataKeys }, listedKeys).map(({ key, isListed }) => [key, isListed]),
    [
      ['/r/1.csv', true],
      ['r/2.csv', true],
      ['r/3.csv', true],
      ['r/2026-06-01T23:48:02Z/4.csv', true],
      ['r/5.csv', false],
    ],
  );
});

test('a file that the manifest lists twice, in any spelling, is one file', () => {
  const dataKeys = parse(legacyManifest({ keys: ['r/1.csv', 'r/1.csv', '/r/1.csv'] }), legacyKey).dataKeys;
  assert.deepEqual(resolveKeys({ dataKeys }, new Set(['r/1.csv'])), [{ key: 'r/1.csv', isListed: true }]);
});

test('the kind follows from the columns, not from names of files and folders', () => {
  const kind = (...columns: string[]) => kindOf({ family: 'data-export', columns });
  assert.equal(kindOf({ family: 'legacy', columns: [] }).kind, 'cur-legacy');
  assert.equal(kind('bill_payer_account_id').kind, 'cur2');
  assert.equal(kind('AvailabilityZone', 'BilledCost').kind, 'focus-1.0');
  assert.equal(kind('AvailabilityZone', 'BilledCost', 'InvoiceId').kind, 'focus-1.2');
  const newer = kind('BilledCost', 'InvoiceId', 'ServiceProviderName');
  assert.equal(newer.kind, 'focus-1.2');
  assert.match(newer.note ?? '', /newer than 1\.2/);
  assert.match(kind('recommendation_id').note ?? '', /neither/);
  assert.equal(kind().kind, undefined);
});

function parse(content: unknown, key: string): Manifest {
  return parseManifest(content instanceof Uint8Array ? content : bytesOf(content), { bucket, key });
}

function refuses(content: unknown, key: string, message: RegExp): void {
  assert.throws(
    () => parse(content, key),
    (error) => {
      assert.ok(error instanceof AppError, String(error));
      assert.equal(error.code, 'MANIFEST_INVALID');
      assert.match(error.message, message);
      return true;
    },
  );
}
