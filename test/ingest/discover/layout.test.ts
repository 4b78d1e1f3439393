import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ExportFamily,
  type ParsedKey,
  parseKey,
  periodPrefixes,
  timelessManifestKeys,
} from '../../../src/ingest/discover/layout.ts';
import { parsePeriod } from '../../../src/ingest/discover/period.ts';

type Expected = readonly [
  role: ParsedKey['role'],
  layout: string,
  root: string,
  name: string,
  month: string,
  execution?: string,
];

/** Every documented key, and what it is. `layout` of a manifest is its family. */
const keys: Readonly<Record<string, Expected>> = {
  // legacy, create-new, CSV
  'bills/hourly/20180501-20180601/2b8b-uuid/hourly-1.csv.gz': [
    'data',
    'legacy-create-new',
    'bills/hourly/',
    'hourly',
    '2018-05-01',
    '2b8b-uuid',
  ],
  'bills/hourly/20240301-20240401/20240315T100631Z/hourly-00001.csv.zip': [
    'data',
    'legacy-create-new',
    'bills/hourly/',
    'hourly',
    '2024-03-01',
    '20240315T100631Z',
  ],
  'bills/hourly/20180501-20180601/2b8b-uuid/hourly-Manifest.json': [
    'manifest',
    'legacy',
    'bills/hourly/',
    'hourly',
    '2018-05-01',
    '2b8b-uuid',
  ],
  'bills/hourly/20180501-20180601/hourly-Manifest.json': [
    'manifest',
    'legacy',
    'bills/hourly/',
    'hourly',
    '2018-05-01',
  ],
  // an empty prefix, a doubled slash, a deep prefix, no folder above
  '/hourly/20180501-20180601/a1/hourly-1.csv.gz': [
    'data',
    'legacy-create-new',
    '/hourly/',
    'hourly',
    '2018-05-01',
    'a1',
  ],
  'bills//hourly/20180501-20180601/hourly-Manifest.json': [
    'manifest',
    'legacy',
    'bills//hourly/',
    'hourly',
    '2018-05-01',
  ],
  '//a/b/hourly/20180501-20180601/hourly-Manifest.json': [
    'manifest',
    'legacy',
    '//a/b/hourly/',
    'hourly',
    '2018-05-01',
  ],
  '20180501-20180601/hourly-Manifest.json': ['manifest', 'legacy', '', 'hourly', '2018-05-01'],
  // a prefix that looks like a period itself
  '20170101-20170201/hourly/20180501-20180601/a1/hourly-1.csv.gz': [
    'data',
    'legacy-create-new',
    '20170101-20170201/hourly/',
    'hourly',
    '2018-05-01',
    'a1',
  ],
  // legacy, overwrite: both of AWS's pages
  'bills/hourly/20180501-20180601/hourly-00001.csv.gz': [
    'data',
    'legacy-overwrite',
    'bills/hourly/',
    'hourly',
    '2018-05-01',
  ],
  'bills/hourly/hourly/year=2018/month=12/hourly-1.csv.zip': [
    'data',
    'legacy-year-month',
    'bills/hourly/',
    'hourly',
    '2018-12-01',
  ],
  // legacy, parquet, month padded or not
  'bills/hourly/hourly/year=2022/month=1/hourly-00001.snappy.parquet': [
    'data',
    'legacy-parquet',
    'bills/hourly/',
    'hourly',
    '2022-01-01',
  ],
  'bills/hourly/hourly/year=2022/month=01/hourly-00001.snappy.parquet': [
    'data',
    'legacy-parquet',
    'bills/hourly/',
    'hourly',
    '2022-01-01',
  ],
  '/hourly/hourly/year=2022/month=10/hourly-00001.snappy.parquet': [
    'data',
    'legacy-parquet',
    '/hourly/',
    'hourly',
    '2022-10-01',
  ],
  'bills/hourly/hourly/year=2022/month=1/hourly-Manifest.json': [
    'manifest',
    'legacy',
    'bills/hourly/',
    'hourly',
    '2022-01-01',
  ],
  // without the report's name doubled
  'bills/hourly/year=2022/month=1/hourly-00001.snappy.parquet': [
    'data',
    'legacy-parquet',
    'bills/hourly/',
    'hourly',
    '2022-01-01',
  ],
  // a legacy manifest outside any month's folder
  'bills/hourly/hourly-Manifest.json': ['manifest', 'legacy', 'bills/hourly/', 'hourly', ''],
  'bills/hourly/hourly/hourly-Manifest.json': ['manifest', 'legacy', 'bills/hourly/', 'hourly', ''],
  // Data Exports, both partition cases
  'exp/daily/data/BILLING_PERIOD=2025-12/daily-00001.csv.gz': [
    'data',
    'data-export-overwrite',
    'exp/daily/',
    'daily',
    '2025-12-01',
  ],
  'exp/daily/data/billing_period=2026-05/daily-00001.snappy.parquet': [
    'data',
    'data-export-overwrite',
    'exp/daily/',
    'daily',
    '2026-05-01',
  ],
  'exp/daily/data/BILLING_PERIOD=2025-12/2025-12-28T13:14:37.728Z-8c5a76cc/daily-00001.csv.gz': [
    'data',
    'data-export-create-new',
    'exp/daily/',
    'daily',
    '2025-12-01',
    '2025-12-28T13:14:37.728Z-8c5a76cc',
  ],
  'exp/daily/metadata/BILLING_PERIOD=2025-12/daily-Manifest.json': [
    'manifest',
    'data-export',
    'exp/daily/',
    'daily',
    '2025-12-01',
  ],
  'exp/daily/metadata/billing_period=2026-05/daily-Manifest.json': [
    'manifest',
    'data-export',
    'exp/daily/',
    'daily',
    '2026-05-01',
  ],
  'exp/daily/metadata/billing_period=2026-05/2026-06-01T23:48:02.356Z-9b6b/daily-Manifest.json': [
    'manifest',
    'data-export',
    'exp/daily/',
    'daily',
    '2026-05-01',
    '2026-06-01T23:48:02.356Z-9b6b',
  ],
  'exp/daily/metadata/billing_period=2026-05/2026-06-01T23:48:02.356Z-9b6b/Manifest.json': [
    'manifest',
    'data-export',
    'exp/daily/',
    'daily',
    '2026-05-01',
    '2026-06-01T23:48:02.356Z-9b6b',
  ],
  '//exp/daily/data/billing_period=2026-05/daily-00001.csv.gz': [
    'data',
    'data-export-overwrite',
    '//exp/daily/',
    'daily',
    '2026-05-01',
  ],
};

for (const [key, expected] of Object.entries(keys)) {
  test(`layout of ${key}`, () => {
    const parsed = parseKey(key);
    assert.ok(parsed.role === 'data' || parsed.role === 'manifest');
    const layout = parsed.role === 'data' ? parsed.layoutKind : parsed.family;
    const execution = parsed.executionFolder === undefined ? [] : [parsed.executionFolder];
    assert.deepEqual(
      [parsed.role, layout, parsed.root, parsed.sourceName, parsed.period?.start ?? '', ...execution],
      expected,
    );
    assert.ok(key.startsWith(parsed.root) && key.startsWith(parsed.periodFolder), 'nothing of the key is stripped');
  });
}

test('what AWS puts beside the data is not data', () => {
  for (const key of [
    'bills/hourly/20180501-20180601/a1/hourly-RedshiftCommands.sql',
    'bills/hourly/20180501-20180601/a1/hourly-RedshiftManifest.json',
    'bills/hourly/20180501-20180601/a1/hourly-QuickSightManifest.json',
    'bills/hourly/hourly/cost_and_usage_data_status/cost_and_usage_data_status.parquet',
    'bills/hourly/cost_and_usage_data_status/part-1.parquet',
    'bills/hourly/20220101-20220201/hourly-create-table.sql',
    'bills/hourly/crawler-cfn.yml',
    'bills/aws-programmatic-access-test-object',
    'bills/hourly/20180501-20180601/',
    'exp/daily/metadata/billing_period=2026-05/extra.csv',
  ]) {
    assert.equal(parseKey(key).role, 'not-data', key);
  }
});

test('what lies in no layout is unknown, and said to look like data or not', () => {
  assert.deepEqual(parseKey('invoices/2024-01.csv'), { role: 'unknown', looksLikeData: true });
  assert.deepEqual(parseKey('daily/billing_period=2026-05/a.csv'), { role: 'unknown', looksLikeData: true });
  assert.deepEqual(parseKey('readme.md'), { role: 'unknown', looksLikeData: false });
  assert.deepEqual(parseKey(''), { role: 'not-data' });
});

test('the listings of a period show every key of it and no other month of the export', () => {
  for (const [key, [, , , , month]] of Object.entries(keys)) {
    const parsed = parseKey(key);
    if (parsed.role !== 'data' && parsed.role !== 'manifest') continue;
    const { family, root, sourceName } = parsed;
    const shows = (text: string) => prefixesOf(family, root, sourceName, text).some((prefix) => key.startsWith(prefix));
    if (month === '') assert.ok(timelessManifestKeys(parsed).includes(key), key);
    else assert.ok(shows(month) && !shows('2019-02'), key);
  }
});

test('known bug: an unpadded month is not listed away (month=1 beside month=01, and not month=10)', () => {
  const prefixes = prefixesOf('legacy', 'b/r/', 'r', '2022-01');
  assert.ok(prefixes.includes('b/r/r/year=2022/month=1/') && prefixes.includes('b/r/r/year=2022/month=01/'));
  assert.ok(!prefixes.some((prefix) => 'b/r/r/year=2022/month=10/x'.startsWith(prefix)));
});

function prefixesOf(family: ExportFamily, root: string, sourceName: string, month: string): readonly string[] {
  const period = parsePeriod(month);
  assert.ok(period);
  return periodPrefixes({ family, root, sourceName, period });
}
