import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchivedTable } from '../../../src/archive/bucket/archived-table.ts';
import { dataPrefixes } from '../../../src/archive/bucket/data-prefix.ts';
import { expiryDays, longestLockDays } from '../../../src/archive/bucket/lock-days.ts';
import { wantedBucket } from '../../../src/archive/bucket/wanted.ts';
import { type Month, monthEnd, monthOf, retainUntil } from '../../../src/archive/month.ts';
import { charges, destination, events } from './archive-bucket.ts';

const dayMs = 86_400_000;

test('expiry never comes before the lock ends, and at most four days after: every month of forty years, every retention', () => {
  for (let index = 0; index < 480; index++) {
    const month: Month = monthOf(new Date(Date.UTC(2010, index, 1)));
    for (const retentionYears of [1, 2, 3, 4, 5, 7, 8, 10, 11, 30, 100]) {
      const until = retainUntil(month, retentionYears).getTime();
      const monthly = longestLockDays({ ...charges, retentionYears });
      const earliest = monthEnd(month).getTime();
      assert.ok(earliest + monthly * dayMs >= until, `${month} ${retentionYears}`);
      assert.ok(earliest + expiryDays(monthly) * dayMs > until);
      // A century that is no leap year, and the last of four years without a leap day, make up a few days.
      assert.ok(earliest + expiryDays(monthly) * dayMs - until <= 4 * dayMs, `${month} ${retentionYears}`);
      const snapshot = longestLockDays({ ...charges, retentionYears, mode: 'snapshot' });
      assert.ok(new Date(`${month}-01`).getTime() + snapshot * dayMs >= until);
    }
  }
});

test('steps that lead nowhere colder, or would be paid for longer than the part lives, are left out', () => {
  const stepsOf = (table: Partial<ArchivedTable>) =>
    dataPrefixes(destination, [{ ...charges, ...table }])[0]?.steps.map(({ storageClass }) => storageClass);
  assert.deepEqual(stepsOf({}), ['GLACIER_IR', 'DEEP_ARCHIVE']);
  assert.deepEqual(stepsOf({ storageClass: 'GLACIER_IR' }), ['DEEP_ARCHIVE']);
  assert.deepEqual(stepsOf({ retentionYears: 1 }), ['GLACIER_IR']);
  assert.deepEqual(stepsOf({ steps: [] }), []);
});

test('tables share rules only when S3 has no more, and only where all of them are treated alike', () => {
  const named = (schema: string, table: string, retentionYears: number) => ({
    ...charges,
    schema,
    table,
    retentionYears,
  });
  const tables = [named('a', 'x', 10), named('a', 'y', 10), named('b', 'x', 10), named('b', 'y', 7)];
  const prefixes = (maxRules: number) =>
    dataPrefixes(destination, tables, maxRules).map(({ prefix, lockDays }) => `${prefix} ${lockDays}`);
  assert.equal(prefixes(4).length, 4);
  assert.deepEqual(prefixes(3), ['archive/ledger/a. 3653', 'archive/ledger/b.x/ 3653', 'archive/ledger/b.y/ 2557']);
  assert.deepEqual(prefixes(1), ['archive/ledger/ 3653']);
  assert.throws(() => dataPrefixes(destination, [...tables, { ...charges, source: 'audit' }], 1), {
    code: 'BAD_INPUT',
    message: /S3 takes 1,000 lifecycle rules/,
  });
});

test('two thousand tables of a hundred databases fit into one bucket', () => {
  const tables = Array.from({ length: 2_000 }, (_, i) => ({ ...charges, source: `db${i % 100}`, table: `t${i}` }));
  const wanted = wantedBucket(destination, tables);
  assert.equal(wanted.rules.length, 102);
  assert.ok(new Set(wanted.rules.map(({ id }) => id)).size === wanted.rules.length);
  assert.ok(wanted.notes.includes('2000 tables share 100 lifecycle rules: S3 takes 1,000 a bucket'));
});

test('in the layout flat manifests lie among the parts, so nothing is moved', () => {
  const wanted = wantedBucket(destination, [
    { ...charges, layout: 'flat' },
    { ...events, layout: 'flat' },
  ]);
  const data = wanted.rules.filter(({ filter }) => /^archive\/\d$/.test(filter.prefix));
  assert.deepEqual(
    data.map(({ filter, transitions, expiration }) => [filter.prefix, transitions, expiration]),
    [
      ['archive/1', undefined, { days: 3746 }],
      ['archive/2', undefined, { days: 3746 }],
    ],
  );
  assert.ok(wanted.manifestPrefixes.includes('archive/2'));
});

test('names that begin alike, or hold what keys encode, are prefixes of their own', () => {
  const tables = ['charge', 'charges', 'a.b', 'ä/b'].map((table) => ({ ...charges, table }));
  const prefixes = dataPrefixes(destination, tables).map(({ prefix }) => prefix);
  for (const one of prefixes) assert.equal(prefixes.filter((other) => other.startsWith(one)).length, 1);
});
