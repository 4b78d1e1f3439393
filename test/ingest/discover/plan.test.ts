import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedObject } from '../../../src/aws/object-store.ts';
import type { DiscoveryPlan } from '../../../src/ingest/discover/plan.ts';
import { bucket, dataExportManifest, discover, legacyManifest, listed, remembered } from './listing.ts';

const range = 'bills/hourly/20260501-20260601/';
const topManifest = `${range}hourly-Manifest.json`;
const newer = new Date('2026-06-09T06:00:00Z');

test('create-new: the newest execution alone is a delivery, older ones are history', () => {
  const keys = [1, 2].map((n) => `${range}new/hourly-${n}.csv.gz`);
  const listing = [
    ...[1, 2, 3].map((n) => listed(`${range}old/hourly-${n}.csv.gz`)),
    listed(`${range}old/hourly-Manifest.json`),
    listed(`${range}old/hourly-RedshiftManifest.json`),
    ...keys.map((key) => listed(key)),
    listed(`${range}new/hourly-Manifest.json`, { etag: 'same' }),
    listed(topManifest, { etag: 'same' }),
  ];
  const plan = discover({ listing, contents: { [topManifest]: legacyManifest({ assemblyId: 'new', keys }) } });
  assert.deepEqual(plan.fetched, [topManifest]);
  assert.deepEqual(plan.exports, [
    {
      bucket,
      root: 'bills/hourly/',
      kind: 'cur-legacy',
      sourceName: 'hourly',
      layoutKind: 'legacy-create-new',
      payerAccount: '141375116029',
    },
  ]);
  assert.deepEqual(
    plan.deliveries.map(({ identity }) => identity),
    ['new:same'],
  );
  assert.deepEqual(fileKeys(plan), keys);
  assert.deepEqual(plan.warnings, []);
});

test('a second run over an unchanged bucket reads no manifest', () => {
  const keys = [`${range}a1/hourly-1.csv.gz`];
  const contents = { [topManifest]: legacyManifest({ keys }) };
  const listing = [...keys, topManifest].map((key) => listed(key));
  const first = discover({ listing, contents });
  const second = discover({ listing, contents, known: remembered(first) });
  assert.deepEqual([second.fetched, second.deliveries, second.warnings], [[], [], []]);
  const touched = listing.map((object) => (object.key === topManifest ? { ...object, lastModified: newer } : object));
  const third = discover({ listing: touched, contents, known: remembered(first) });
  assert.deepEqual(third.fetched, [topManifest]);
  assert.equal(third.deliveries[0]?.identity, first.deliveries[0]?.identity, 'the same execution is the same delivery');
});

test("an execution's manifest counts until the period's own is there, and is not read again under its other key", () => {
  const keys = [`${range}20260602T010101Z/hourly-1.csv.gz`];
  const own = `${range}20260602T010101Z/hourly-Manifest.json`;
  const older = `${range}20260601T230000Z/hourly-Manifest.json`;
  const contents = { [own]: legacyManifest({ keys }), [topManifest]: legacyManifest({ keys }) };
  const early = [
    ...keys.map((key) => listed(key)),
    listed(own, { etag: 'same' }),
    listed(older, { lastModified: newer }),
  ];
  const first = discover({ listing: early, contents });
  assert.deepEqual(first.fetched, [own], 'the folder tells the order, not the date of a copy');
  const late = [...early, listed(topManifest, { etag: 'same', lastModified: newer })];
  assert.deepEqual(discover({ listing: late, contents, known: remembered(first) }).fetched, []);
});

test('known bug: surplus chunks of an overwritten export are not loaded', () => {
  const folder = 'exp/daily/data/BILLING_PERIOD=2026-05/';
  const manifestKey = 'exp/daily/metadata/BILLING_PERIOD=2026-05/daily-Manifest.json';
  const keys = [`${folder}daily-00001.csv.gz`];
  const listing = [...keys, `${folder}daily-00002.csv.gz`, `${folder}daily-00003.csv.gz`, manifestKey].map((key) =>
    listed(key),
  );
  const plan = discover({ listing, contents: { [manifestKey]: dataExportManifest({ keys }) } });
  assert.deepEqual(fileKeys(plan), keys);
  assert.equal(plan.exports[0]?.kind, 'cur2');
  assert.equal(plan.exports[0]?.layoutKind, 'data-export-overwrite');
  assert.deepEqual(plan.warnings, []);
});

test('overwrite: the same execution under a newer manifest is another delivery', () => {
  const keys = ['exp/daily/data/billing_period=2026-05/daily-00001.snappy.parquet'];
  const manifestKey = 'exp/daily/metadata/billing_period=2026-05/daily-Manifest.json';
  const contents = { [manifestKey]: dataExportManifest({ keys, columns: ['BilledCost', 'InvoiceId'] }) };
  const first = discover({ listing: [...keys, manifestKey].map((key) => listed(key)), contents });
  const second = discover({
    listing: [...keys, manifestKey].map((key) => listed(key, { lastModified: newer })),
    contents,
    known: remembered(first),
  });
  assert.equal(first.exports[0]?.kind, 'focus-1.2');
  assert.notEqual(first.deliveries[0]?.identity, second.deliveries[0]?.identity);
});

test('overwrite: files newer than their manifest are the next delivery being written, and are left alone', () => {
  const keys = [1, 2].map((n) => `${range}hourly-${n}.csv.gz`);
  const contents = { [topManifest]: legacyManifest({ keys }) };
  const listing = [listed(`${keys[0]}`, { lastModified: newer }), listed(`${keys[1]}`), listed(topManifest)];
  const during = discover({ listing, contents, now: new Date('2026-06-09T07:00:00Z') });
  assert.deepEqual([codes(during), during.deliveries], [['DELIVERY_BEING_WRITTEN'], []]);
  const copied = discover({ listing, contents, now: new Date('2026-06-10T07:00:00Z') });
  assert.deepEqual([codes(copied), copied.deliveries.length], [[], 1], 'a copied bucket is not refused for ever');
});

test('create-new: files newer than their manifest (a copied bucket) are no sign of anything', () => {
  const keys = [`${range}a1/hourly-1.csv.gz`];
  const listing = [listed(`${keys[0]}`, { lastModified: newer }), listed(topManifest)];
  const plan = discover({ listing, contents: { [topManifest]: legacyManifest({ keys }) }, now: newer });
  assert.deepEqual([codes(plan), plan.deliveries.length], [[], 1]);
});

test('a listed file that is missing stays in the delivery, to fail it', () => {
  const keys = [1, 2].map((n) => `${range}a1/hourly-${n}.csv.gz`);
  const plan = discover({
    listing: [listed(`${keys[0]}`), listed(topManifest)],
    contents: { [topManifest]: legacyManifest({ keys }) },
  });
  assert.deepEqual(
    plan.deliveries[0]?.files.map(({ ordinal, key, listed }) => [ordinal, key, listed !== undefined]),
    [
      [1, keys[0], true],
      [2, keys[1], false],
    ],
  );
});

test('legacy parquet is found through its manifest, wherever under the root that lies', () => {
  const keys = [1, 2].map((n) => `bills/hourly/hourly/year=2026/month=5/hourly-0000${n}.snappy.parquet`);
  for (const manifestKey of [
    topManifest,
    'bills/hourly/hourly/year=2026/month=5/hourly-Manifest.json',
    'bills/hourly/hourly-Manifest.json',
  ]) {
    const listing = [...keys, manifestKey, 'bills/hourly/hourly/cost_and_usage_data_status/status.parquet'].map((key) =>
      listed(key),
    );
    const plan = discover({ listing, contents: { [manifestKey]: legacyManifest({ keys }) } });
    assert.deepEqual(
      [fileKeys(plan), plan.exports[0]?.layoutKind, plan.exports[0]?.root],
      [keys, 'legacy-parquet', 'bills/hourly/'],
      manifestKey,
    );
    assert.deepEqual(plan.warnings, [], manifestKey);
  }
});

test('one bad manifest fails its own period only', () => {
  const bad = topManifest.replace('20260501-20260601', '20260401-20260501');
  const keys = [`${range}a1/hourly-1.csv.gz`];
  const plan = discover({
    listing: [...keys, bad, topManifest].map((key) => listed(key)),
    contents: { [bad]: '{"assemblyId"', [topManifest]: legacyManifest({ keys }) },
  });
  assert.equal(plan.deliveries.length, 1);
  assert.deepEqual(
    plan.warnings.map(({ code, subject }) => [code, subject]),
    [['MANIFEST_INVALID', bad]],
  );
});

test('a manifest of another bucket is refused, unless the export was copied with all its files', () => {
  const keys = [`${range}a1/hourly-1.csv.gz`];
  const contents = { [topManifest]: legacyManifest({ keys, manifestBucket: 'payer-bills' }) };
  const refused = discover({ listing: [listed(topManifest)], contents });
  assert.deepEqual([codes(refused), refused.deliveries], [['MANIFEST_INVALID'], []]);
  assert.match(refused.warnings[0]?.text ?? '', /points to bucket payer-bills/);
  const copied = discover({ listing: [...keys, topManifest].map((key) => listed(key)), contents });
  assert.deepEqual([codes(copied), copied.deliveries.length], [['MANIFEST_OF_OTHER_BUCKET'], 1]);
});

test('a manifest without files does not empty a month', () => {
  const plan = discover({ listing: [listed(topManifest)], contents: { [topManifest]: legacyManifest({ keys: [] }) } });
  assert.deepEqual([codes(plan), plan.deliveries], [['MANIFEST_EMPTY'], []]);
});

test('the same payer through two exports is told, also when only one of them changed', () => {
  const curKeys = [`${range}a1/hourly-1.csv.gz`];
  const focusKeys = ['exp/focus/data/billing_period=2026-05/focus-00001.csv.gz'];
  const focusManifest = 'exp/focus/metadata/billing_period=2026-05/focus-Manifest.json';
  const contents = {
    [topManifest]: legacyManifest({ keys: curKeys }),
    [focusManifest]: dataExportManifest({ keys: focusKeys, columns: ['BilledCost'] }),
  };
  const listing = [...curKeys, ...focusKeys, topManifest, focusManifest].map((key) => listed(key));
  const first = discover({ listing, contents });
  assert.deepEqual(codes(first), ['SAME_MONEY_TWICE']);
  assert.match(
    first.warnings[0]?.text ?? '',
    /141375116029 .* 2 exports, bills\/hourly\/ \(cur-legacy\) and exp\/focus\/ \(focus-1\.0\), for 2026-05/,
  );
  const restated = listing.map((object) =>
    object.key === topManifest ? { ...object, etag: 'x', lastModified: newer } : object,
  );
  const second = discover({ listing: restated, contents, known: remembered(first) });
  assert.deepEqual(codes(second), ['SAME_MONEY_TWICE']);
});

test('known bug: a path that differs in upper and lower case only doubles nothing unseen', () => {
  const partition = (name: string) =>
    [
      `exp/daily/data/${name}=2026-05/daily-00001.csv.gz`,
      `exp/daily/metadata/${name}=2026-05/daily-Manifest.json`,
    ] as const;
  const [oldKey, oldManifest] = partition('BILLING_PERIOD');
  const [newKey, newManifest] = partition('billing_period');
  const listing = [
    listed(oldKey),
    listed(oldManifest),
    listed(newKey, { lastModified: newer }),
    listed(newManifest, { lastModified: newer }),
  ];
  const contents = {
    [oldManifest]: dataExportManifest({ keys: [oldKey] }),
    [newManifest]: dataExportManifest({ keys: [newKey], executionId: 'e2' }),
  };
  const first = discover({ listing, contents });
  assert.deepEqual(fileKeys(first), [newKey], 'one delivery, the newest');
  assert.deepEqual(codes(first), ['SAME_PERIOD_TWICE', 'PATH_CASE', 'PATH_CASE']);
  assert.deepEqual(
    discover({ listing, contents, known: remembered(first) }).fetched,
    [],
    'and the older one is not read again',
  );
});

test('data without a manifest, and data in no layout, are told and not loaded', () => {
  const plan = discover({
    listing: [`${range}a1/hourly-1.csv.gz`, `${range}a1/hourly-2.csv.gz`, 'invoices/2026-05.csv', 'notes.txt'].map(
      (key) => listed(key),
    ),
    contents: {},
  });
  assert.deepEqual(
    plan.warnings.map(({ code, subject }) => [code, subject]),
    [
      ['NO_MANIFEST_YET', 'bills/hourly/'],
      ['NOT_IN_ANY_LAYOUT', bucket],
    ],
  );
  assert.match(plan.warnings[0]?.text ?? '', /2 data files .* 2026-05/);
  assert.match(plan.warnings[1]?.text ?? '', /1 data files .* invoices\/2026-05\.csv: .*kind "files"/);
});

test('an execution that is still being written is not complained of', () => {
  const keys = [`${range}a1/hourly-1.csv.gz`];
  const contents = { [topManifest]: legacyManifest({ keys }) };
  const plan = discover({
    listing: [...keys, `${range}a2/hourly-1.csv.gz`, topManifest].map((key) => listed(key)),
    contents,
  });
  assert.deepEqual([fileKeys(plan), plan.warnings], [keys, []]);
});

test('keys with a leading or doubled slash are carried as they are listed', () => {
  const manifestKey = '/hourly/20260501-20260601/hourly-Manifest.json';
  const key = '/hourly/20260501-20260601/a1/hourly-1.csv.gz';
  const contents = { [manifestKey]: legacyManifest({ keys: [key.slice(1)] }) };
  const plan = discover({ listing: [listed(key), listed(manifestKey)], contents });
  assert.deepEqual([fileKeys(plan), plan.exports[0]?.root], [[key], '/hourly/']);
});

test('a hostile bucket cannot flood the registry with warnings', () => {
  const bad = Array.from({ length: 500 }, (_, n) => `b${n}/r/20260501-20260601/r-Manifest.json`);
  const plan = discover({ listing: bad.map((key) => listed(key)), contents: {} });
  assert.equal(plan.warnings.length, 100);
  assert.match(plan.warnings.at(-1)?.text ?? '', /and 400 more/);
});

test('36 periods of 100,000 objects are planned in linear time, and a second time without a read', () => {
  const listing: ListedObject[] = [];
  const contents: Record<string, unknown> = {};
  for (let month = 0; month < 36; month++) {
    const [start, end] = [month, month + 1].map(
      (n) => `${2023 + Math.floor(n / 12)}${String((n % 12) + 1).padStart(2, '0')}01`,
    );
    const folder = `bills/hourly/${start}-${end}/`;
    const keys = Array.from({ length: 2_800 }, (_, n) => `${folder}a1/hourly-${n}.csv.gz`);
    listing.push(...keys.map((key) => listed(key)), listed(`${folder}hourly-Manifest.json`));
    contents[`${folder}hourly-Manifest.json`] = legacyManifest({
      keys,
      start: `${start}T000000.000Z`,
      end: `${end}T000000.000Z`,
    });
  }
  const first = discover({ listing, contents });
  assert.equal(first.deliveries.length, 36);
  const began = performance.now();
  assert.deepEqual(discover({ listing, contents, known: remembered(first) }).fetched, []);
  assert.ok(performance.now() - began < 3_000, 'linear work, with room for a slow machine');
});

function fileKeys(plan: DiscoveryPlan): readonly string[] {
  return plan.deliveries.flatMap(({ files }) => files.map(({ key }) => key));
}

function codes(plan: DiscoveryPlan): readonly string[] {
  return plan.warnings.map(({ code }) => code);
}
