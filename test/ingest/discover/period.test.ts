import assert from 'node:assert/strict';
import { test } from 'node:test';
import { periodInPath } from '../../../src/ingest/discover/path-period.ts';
import {
  currentPeriod,
  monthText,
  parseManifestPeriod,
  parsePartitionFolder,
  parsePeriod,
  parseRangeFolder,
  parseYearMonthFolders,
  periodOf,
  previousPeriod,
  rangeFolder,
  watchedPeriods,
} from '../../../src/ingest/discover/period.ts';

const may2018 = { start: '2018-05-01', end: '2018-06-01' };

test('every spelling of a billing period names the same month, with an exclusive end', () => {
  assert.deepEqual(parseRangeFolder('20180501-20180601'), may2018);
  assert.deepEqual(parsePartitionFolder('BILLING_PERIOD=2018-05'), may2018);
  assert.deepEqual(parsePartitionFolder('billing_period=2018-05'), may2018);
  assert.deepEqual(parseYearMonthFolders('year=2018', 'month=5'), may2018);
  assert.deepEqual(parseYearMonthFolders('year=2018', 'month=05'), may2018);
  assert.deepEqual(parseManifestPeriod('20180501T000000.000Z', '20180601T000000.000Z'), may2018);
  assert.deepEqual(parseManifestPeriod('2018-05-01T00:00:00Z', '2018-06-01T00:00:00Z'), may2018);
  assert.deepEqual(parsePeriod('2018-05'), may2018);
  assert.equal(rangeFolder(may2018), '20180501-20180601');
  assert.equal(monthText(may2018), '2018-05');
});

test('a december ends in the next year', () => {
  assert.deepEqual(periodOf(2023, 12), { start: '2023-12-01', end: '2024-01-01' });
  assert.deepEqual(parseRangeFolder('20231201-20240101'), { start: '2023-12-01', end: '2024-01-01' });
  assert.deepEqual(previousPeriod({ start: '2024-01-01', end: '2024-02-01' }), {
    start: '2023-12-01',
    end: '2024-01-01',
  });
});

test('what is no whole month is no billing period', () => {
  for (const folder of [
    '20180501-20180701',
    '20180515-20180615',
    '20181301-20190101',
    '99990501-99990601',
    '20180501',
  ]) {
    assert.equal(parseRangeFolder(folder), undefined, folder);
  }
  assert.equal(parsePartitionFolder('billing_period=2018-13'), undefined);
  assert.equal(parseYearMonthFolders('year=2018', 'month=0'), undefined);
  assert.equal(parseManifestPeriod('20180501T000000.000Z', '20180501T000000.000Z'), undefined);
});

test('the current month is that of UTC, not of the machine', () => {
  assert.equal(currentPeriod(new Date('2026-06-01T00:30:00+02:00')).start, '2026-05-01');
  assert.equal(currentPeriod(new Date('2025-12-31T23:30:00-05:00')).start, '2026-01-01');
});

test('known bug: on the 1st only the new month was polled; the closed month is watched until it settles', () => {
  const months = (now: string, settleDays = 14) =>
    watchedPeriods({ now: new Date(now), settleDays }).map((period) => monthText(period));
  assert.deepEqual(months('2026-06-01T00:00:00Z'), ['2026-05', '2026-06']);
  assert.deepEqual(months('2026-06-14T23:59:59Z'), ['2026-05', '2026-06']);
  assert.deepEqual(months('2026-06-15T00:00:00Z'), ['2026-06']);
  assert.deepEqual(months('2024-03-01T00:00:00Z', 32), ['2024-01', '2024-02', '2024-03']); // a leap year's February
  assert.deepEqual(months('2023-03-05T00:00:00Z', 32), ['2023-02', '2023-03']);
  assert.deepEqual(months('2026-01-03T00:00:00Z'), ['2025-12', '2026-01']);
});

test('a backfill watches every month since its first', () => {
  const from = parsePeriod('2025-11');
  assert.ok(from);
  const watched = watchedPeriods({ now: new Date('2026-02-20T00:00:00Z'), settleDays: 14, from });
  assert.deepEqual(watched.map(monthText), ['2025-11', '2025-12', '2026-01', '2026-02']);
});

test('a path without manifests names its month in any of the usual spellings', () => {
  const spelled: Readonly<Record<string, string | undefined>> = {
    'bills/2024-01.csv': '2024-01-01',
    'bills/2024/01/a.csv': '2024-01-01',
    'bills/2024/1/a.csv': '2024-01-01',
    'bills/202401/a.csv': '2024-01-01',
    'bills/acme_202401.csv': '2024-01-01',
    'bills/acme-20240131.csv.gz': '2024-01-01',
    'bills/year=2024/month=1/a.csv': '2024-01-01',
    'bills/year=2024/month=01/day=05/a.csv': '2024-01-01',
    'bills/billing_period=2024-01/made-2024-02-03.csv': '2024-01-01',
    'bills/20240101-20240201/a.csv': '2024-01-01',
    'since-2019-01/2024-01/a.csv': '2024-01-01',
    '123456789012/a.csv': undefined,
    'bills/a.csv': undefined,
    'bills/2024-13/a.csv': undefined,
  };
  for (const [key, start] of Object.entries(spelled)) assert.equal(periodInPath(key)?.start, start, key);
});
