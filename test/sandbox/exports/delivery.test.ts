import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedObject } from '../../../src/aws/object-store.ts';
import { AppError } from '../../../src/errors.ts';
import { indexListing } from '../../../src/ingest/discover/listing-index.ts';
import { parseManifest } from '../../../src/ingest/discover/manifest.ts';
import { manifestsToRead } from '../../../src/ingest/discover/manifests-to-read.ts';
import { type DiscoveryPlan, planDeliveries } from '../../../src/ingest/discover/plan.ts';
import { type DeliveryOptions, type MadeDelivery, makeDelivery } from '../../../src/sandbox/exports/delivery.ts';
import { bytesOf, sha256Of } from './made.ts';

const bucket = 'made-bills';
const base = { bucket, prefix: 'bills', name: 'acme', month: '2026-05', rows: 90, files: 3, seed: 'seven' } as const;

/** Each layout with each kind and format that AWS writes in it. */
const deliveries: readonly DeliveryOptions[] = [
  { ...base, layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz' },
  {
    ...base,
    layout: 'legacy-create-new',
    kind: 'cur-legacy',
    format: 'csv.zip',
    prefix: '',
    executionId: '20260528T010203Z',
  },
  { ...base, layout: 'legacy-overwrite', kind: 'cur-legacy', format: 'csv.gz' },
  { ...base, layout: 'legacy-year-month', kind: 'cur-legacy', format: 'csv.zip' },
  { ...base, layout: 'legacy-parquet', kind: 'cur-legacy', format: 'parquet' },
  { ...base, layout: 'legacy-parquet', kind: 'cur-legacy', format: 'parquet', padMonth: true, prefix: '/a//b' },
  { ...base, layout: 'data-export-overwrite', kind: 'cur2', format: 'parquet' },
  { ...base, layout: 'data-export-overwrite', kind: 'focus-1.2', format: 'csv.gz', prefix: '/exports' },
  { ...base, layout: 'data-export-create-new', kind: 'cur2', format: 'csv.gz' },
  { ...base, layout: 'data-export-create-new', kind: 'focus-1.0', format: 'parquet' },
  { ...base, layout: 'data-export-create-new', kind: 'focus-1.2', format: 'parquet' },
];

for (const options of deliveries) {
  const title = `${options.layout}, ${options.kind} as ${options.format} under "${options.prefix}"`;
  const isOverwrite = !options.layout.endsWith('create-new');

  test(`discovery understands ${title}`, async () => {
    const made = makeDelivery({ ...options, ...(isOverwrite ? { surplusFiles: 2 } : {}) });
    const plan = await discoverMade([made]);
    assert.deepEqual(plan.warnings, []);
    assert.deepEqual(
      plan.exports.map(({ root, kind, sourceName, layoutKind, payerAccount }) => [
        root,
        kind,
        sourceName,
        layoutKind,
        payerAccount,
      ]),
      [[made.root, options.kind, 'acme', options.layout, '210987654321']],
    );
    const [delivery] = plan.deliveries;
    assert.equal(delivery?.executionId, made.executionId);
    assert.equal(delivery?.period.start, '2026-05-01');
    assert.deepEqual(
      delivery?.files.map(({ key, listed }) => [key, listed !== undefined]),
      made.expected().files.map(({ key }) => [key, true]),
    );
  });

  test(`a restatement of ${title} is another delivery with other money and more rows`, async () => {
    const first = makeDelivery(options);
    const second = makeDelivery({ ...options, version: 2, executionId: `${first.executionId}-2` });
    assert.equal(second.expected().rows, 92);
    assert.notEqual(second.expected().cost, first.expected().cost);
    const [before, after] = [await discoverMade([first]), await discoverMade([first, second])];
    assert.equal(after.deliveries.length, 1, 'the restatement replaces, it is not added');
    assert.equal(after.deliveries[0]?.executionId, second.executionId);
    assert.notEqual(after.deliveries[0]?.identity, before.deliveries[0]?.identity);
  });
}

test('data comes first and the manifest of the period last, as AWS writes them', () => {
  for (const options of deliveries) {
    const roles = makeDelivery(options).objects.map(({ role }) => role);
    assert.deepEqual(
      roles,
      roles.toSorted((a, b) => order[a] - order[b]),
    );
    assert.equal(roles.at(-1), 'manifest');
  }
});

test('legacy and create-new deliveries have their manifest in both places, byte for byte the same', async () => {
  const made = makeDelivery({
    ...base,
    layout: 'legacy-create-new',
    kind: 'cur-legacy',
    format: 'csv.gz',
    executionId: 'a1',
  });
  const manifests = made.objects.filter(({ role }) => role === 'manifest');
  assert.deepEqual(
    manifests.map(({ key }) => key),
    ['bills/acme/20260501-20260601/a1/acme-Manifest.json', 'bills/acme/20260501-20260601/acme-Manifest.json'],
  );
  assert.deepEqual(...((await Promise.all(manifests.map(({ body }) => bytesOf(body())))) as [Buffer, Buffer]));
});

test('the keys of the layouts are to the letter those that AWS documents', () => {
  const firstKey = (options: DeliveryOptions) => makeDelivery({ ...options, executionId: '9b6b32ef' }).objects[0]?.key;
  assert.deepEqual(deliveries.map(firstKey), [
    'bills/acme/20260501-20260601/9b6b32ef/acme-00001.csv.gz',
    '/acme/20260501-20260601/9b6b32ef/acme-00001.csv.zip',
    'bills/acme/20260501-20260601/acme-00001.csv.gz',
    'bills/acme/acme/year=2026/month=5/acme-00001.csv.zip',
    'bills/acme/acme/year=2026/month=5/acme-00001.snappy.parquet',
    '/a//b/acme/acme/year=2026/month=05/acme-00001.snappy.parquet',
    'bills/acme/data/BILLING_PERIOD=2026-05/acme-00001.snappy.parquet',
    '/exports/acme/data/billing_period=2026-05/acme-00001.csv.gz',
    'bills/acme/data/BILLING_PERIOD=2026-05/2026-05-28T08:00:00.728Z-9b6b32ef/acme-00001.csv.gz',
    'bills/acme/data/billing_period=2026-05/2026-05-28T08:00:00.728Z-9b6b32ef/acme-00001.snappy.parquet',
    'bills/acme/data/billing_period=2026-05/2026-05-28T08:00:00.728Z-9b6b32ef/acme-00001.snappy.parquet',
  ]);
});

test('a delivery is made the same every time, and its parts add up', async () => {
  const options: DeliveryOptions = {
    ...base,
    layout: 'data-export-overwrite',
    kind: 'focus-1.2',
    format: 'csv.gz',
    surplusFiles: 2,
    surplusAs: 'no-rows',
  };
  const [first, again] = [makeDelivery(options), makeDelivery(options)];
  for (const [position, object] of first.objects.entries()) {
    assert.equal(await sha256Of(object.body()), await sha256Of(object.body()), object.key);
    assert.equal(await sha256Of(object.body()), await sha256Of(again.objects[position]?.body() ?? object.body()));
  }
  const { rows, files } = first.expected();
  assert.deepEqual([rows, files.map((file) => file.rows)], [90, [30, 30, 30]]);
});

test('the same seed through two exports is the same money, and discovery says so', async () => {
  const legacy = makeDelivery({ ...base, layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz' });
  const focus = makeDelivery({
    ...base,
    name: 'focus',
    layout: 'data-export-overwrite',
    kind: 'focus-1.2',
    format: 'parquet',
  });
  assert.equal(legacy.expected().cost, focus.expected().cost);
  const plan = await discoverMade([legacy, focus]);
  assert.deepEqual(
    plan.warnings.map(({ code }) => code),
    ['SAME_MONEY_TWICE'],
  );
});

test('what AWS never delivers is refused', () => {
  for (const wrong of [
    { layout: 'legacy-create-new', kind: 'cur2', format: 'csv.gz' },
    { layout: 'data-export-overwrite', kind: 'cur-legacy', format: 'csv.gz' },
    { layout: 'data-export-overwrite', kind: 'cur2', format: 'csv.zip' },
    { layout: 'legacy-parquet', kind: 'cur-legacy', format: 'csv.gz' },
  ] as const) {
    assert.throws(() => makeDelivery({ ...base, ...wrong }), AppError);
  }
});

const order = { data: 0, other: 1, manifest: 2 } as const;

/** Lays the deliveries down one after the other, as a bucket would hold them, and discovers what is there. */
async function discoverMade(made: readonly MadeDelivery[]): Promise<DiscoveryPlan> {
  const bucketContents = new Map<
    string,
    { readonly listed: ListedObject; readonly body: () => AsyncIterable<Uint8Array> }
  >();
  let second = 0;
  for (const { key, body } of made.flatMap(({ objects }) => objects)) {
    const lastModified = new Date(Date.UTC(2026, 5, 1, 0, 0, second++));
    const etag = await sha256Of(body());
    bucketContents.set(key, { listed: { key, etag, sizeBytes: 1, lastModified, storageClass: 'STANDARD' }, body });
  }
  const index = indexListing(
    bucket,
    [...bucketContents.values()].map(({ listed }) => listed),
  );
  const reads = [];
  for (const listed of manifestsToRead(index, { known: [] })) {
    const { key } = listed.object;
    const body = bucketContents.get(key)?.body;
    assert.ok(body, key);
    reads.push({ listed, outcome: parseManifest(await bytesOf(body()), { bucket, key }) });
  }
  return planDeliveries({ index, reads, known: [], now: new Date('2026-06-01T01:00:00Z') });
}
