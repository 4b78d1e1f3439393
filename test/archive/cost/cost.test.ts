import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classAt, classStays } from '../../../src/archive/cost/class-stays.ts';
import { divideUp, dollars, dollarText, estimateText } from '../../../src/archive/cost/money.ts';
import { classPrices, coldRetrieval, pricedClass, pricedClasses } from '../../../src/archive/cost/prices.ts';
import { restoreCost } from '../../../src/archive/cost/restore-cost.ts';
import { gigabyte, monthlyStorageCost, retentionCost } from '../../../src/archive/cost/storage-cost.ts';
import { isAppError } from '../../../src/errors.ts';

const steps = [
  { days: 90, storageClass: 'GLACIER_IR' },
  { days: 365, storageClass: 'DEEP_ARCHIVE' },
];
/** A thousand objects of a gigabyte. */
const terabyte = { bytes: 1_000n * gigabyte, objects: 1_000n };
const tiny = { bytes: 1_000n * 1_024n, objects: 1_000n };

test('money is exact, whatever a float would make of it', () => {
  assert.equal(dollars('0.1') + dollars('0.2'), dollars('0.3'));
  assert.equal(dollars('0.000000001'), 1n);
  assert.equal(dollars('12345678901234567890.99'), 12_345_678_901_234_567_890_990_000_000n);
  for (const text of ['', '-1', '1.', '.5', '1e3', '0.0000000001', '1,5'])
    assert.throws(() => dollars(text), RangeError);
  assert.equal(divideUp(10n, 3n), 4n);
  assert.equal(divideUp(9n, 3n), 3n);
});

test('an amount is shown in whole cents, never lower than it is, and never as nothing when it is something', () => {
  assert.equal(dollarText(0n), '$0.00');
  assert.equal(dollarText(1n), '< $0.01');
  assert.equal(dollarText(dollars('0.01')), '$0.01');
  assert.equal(dollarText(dollars('1234.561')), '$1,234.57');
  const estimates = ['0', '0.000000001', '0.01', '0.011'].map((amount) => estimateText(dollars(amount)));
  assert.deepEqual(estimates, ['$0.00', '< $0.01', 'about $0.01', 'about $0.02']);
});

test('every class has its whole price: none is lost below the smallest unit of money', () => {
  for (const name of pricedClasses) {
    const { storage, put, get } = classPrices[name];
    for (const price of [storage, put, get]) assert.ok(price > 0n, name);
  }
  assert.equal(classPrices.STANDARD.get, 400n);
  assert.throws(
    () => pricedClass('EXPRESS_ONEZONE'),
    (error) => isAppError(error, 'BAD_INPUT') && /EXPRESS_ONEZONE/.test(error.message),
  );
});

test('a terabyte costs a month what the price list says', () => {
  const monthly = (storageClass: (typeof pricedClasses)[number], idleDays = 0) =>
    dollarText(monthlyStorageCost({ ...terabyte, storageClass, idleDays }));
  assert.equal(monthly('STANDARD'), '$23.00');
  assert.equal(monthly('GLACIER_IR'), '$4.00');
  assert.equal(monthly('INTELLIGENT_TIERING'), '$23.01');
  assert.equal(monthly('INTELLIGENT_TIERING', 30), '$12.51');
  assert.equal(monthly('INTELLIGENT_TIERING', 90), '$4.01');
  assert.equal(monthly('DEEP_ARCHIVE'), '$1.00');
});

test('small objects are billed by the least size of their class, and cold ones with what they carry', () => {
  const of = (storageClass: (typeof pricedClasses)[number]) =>
    monthlyStorageCost({ ...tiny, storageClass, idleDays: 400 });
  const plain = of('STANDARD');
  assert.equal(
    of('STANDARD_IA'),
    monthlyStorageCost({ bytes: 1_000n * 131_072n, objects: 1_000n, storageClass: 'STANDARD_IA', idleDays: 0 }),
  );
  assert.ok(of('GLACIER_IR') > plain);
  assert.ok(of('DEEP_ARCHIVE') > plain);
  // Intelligent-Tiering neither watches nor moves them.
  assert.equal(of('INTELLIGENT_TIERING'), plain);
});

test('an object passes through the classes of the lifecycle, day by day without a gap, and a small one stays', () => {
  const question = { storageClass: 'INTELLIGENT_TIERING', steps, storedDays: 3_650, objectBytes: gigabyte } as const;
  assert.deepEqual(classStays(question), [
    { storageClass: 'INTELLIGENT_TIERING', fromDay: 0, toDay: 90 },
    { storageClass: 'GLACIER_IR', fromDay: 90, toDay: 365 },
    { storageClass: 'DEEP_ARCHIVE', fromDay: 365, toDay: 3_650 },
  ]);
  assert.deepEqual(
    [0, 89, 90, 364, 365, 9_999].map((age) => classAt(question, age)),
    ['INTELLIGENT_TIERING', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'GLACIER_IR', 'DEEP_ARCHIVE', 'DEEP_ARCHIVE'],
  );
  assert.equal(classStays({ ...question, objectBytes: 131_071n }).length, 1);
  assert.deepEqual(classStays({ ...question, storedDays: 90 }), [
    { storageClass: 'INTELLIGENT_TIERING', fromDay: 0, toDay: 90 },
  ]);
});

test('an archive of ten years costs the sum of its stays, its moves, its upload and its proof', () => {
  const cost = retentionCost({ ...terabyte, storageClass: 'INTELLIGENT_TIERING', steps, storedDays: 3_650 });
  const summed = cost.stays.reduce((sum, stay) => sum + stay.storage + stay.transition, cost.upload);
  assert.equal(cost.total, summed);
  // a thousand PUTs and GETs
  assert.equal(cost.upload, dollars('0.0054'));
  assert.deepEqual(
    cost.stays.map(({ transition }) => dollarText(transition)),
    ['$0.00', '$0.02', '$0.05'],
  );
  // 30 days at $23.0025 a month and 60 at $12.5025; 275 at $4; 3,285 at $0.99 and the overhead of a thousand objects
  assert.deepEqual(
    cost.stays.map(({ storage }) => dollarText(storage)),
    ['$47.35', '$36.17', '$106.95'],
  );
});

test('whoever leaves a class before its least time pays for that time', () => {
  const question = {
    ...terabyte,
    storageClass: 'STANDARD',
    steps: [{ days: 90, storageClass: 'DEEP_ARCHIVE' }],
  } as const;
  const [, short] = retentionCost({ ...question, storedDays: 100 }).stays;
  const [, whole] = retentionCost({ ...question, storedDays: 270 }).stays;
  assert.equal(short?.storage, whole?.storage);
});

test('nothing costs nothing', () => {
  const none = { bytes: 0n, objects: 0n };
  assert.equal(retentionCost({ ...none, storageClass: 'STANDARD', steps, storedDays: 3_650 }).total, 0n);
  assert.equal(restoreCost({ ...none, storageClass: 'DEEP_ARCHIVE', tier: 'Bulk', days: 7 }).total, 0n);
});

test('a restore says how long it waits and what it costs: none and little where objects are warm', () => {
  const of = (storageClass: (typeof pricedClasses)[number], tier: 'Standard' | 'Bulk') =>
    restoreCost({ ...terabyte, storageClass, tier, days: 7 });
  assert.equal(of('STANDARD', 'Bulk').waitHours, 0);
  assert.equal(of('GLACIER_IR', 'Bulk').waitHours, 0);
  assert.equal(dollarText(of('GLACIER_IR', 'Bulk').retrieval), '$30.00');
  assert.equal(of('GLACIER_IR', 'Bulk').copies, 0n);
  assert.equal(of('DEEP_ARCHIVE', 'Standard').waitHours, 12);
  assert.equal(of('DEEP_ARCHIVE', 'Bulk').waitHours, 48);
  assert.equal(dollarText(of('DEEP_ARCHIVE', 'Standard').retrieval), '$20.00');
  assert.equal(dollarText(of('DEEP_ARCHIVE', 'Bulk').retrieval), '$2.50');
  assert.equal(dollarText(of('DEEP_ARCHIVE', 'Bulk').copies), '$5.30');
  for (const name of pricedClasses) {
    const { requests, retrieval, copies, total } = of(name, 'Standard');
    assert.equal(total, requests + retrieval + copies);
    assert.equal(of(name, 'Standard').waitHours > 0, coldRetrieval[name] !== undefined);
    assert.ok(of(name, 'Bulk').total <= total);
  }
});
