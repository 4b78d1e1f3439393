import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchivedTable } from '../../../src/archive/bucket/archived-table.ts';
import { findContradictions } from '../../../src/archive/bucket/contradictions.ts';
import { isFit, planBucket } from '../../../src/archive/bucket/plan.ts';
import { wantedBucket } from '../../../src/archive/bucket/wanted.ts';
import type { LifecycleRule } from '../../../src/aws/bucket-lifecycle.ts';
import type { BucketState, BucketValues, Seen } from '../../../src/aws/bucket-state.ts';
import { charges, destination, events } from './archive-bucket.ts';

const wanted = wantedBucket(destination, [charges, events]);
const absent = { seen: true, value: undefined } as const;

/** A bucket in which all is as wanted, but for what is given. */
function bucketWith(values: Partial<BucketValues>, tables: readonly ArchivedTable[] = [charges, events]): BucketState {
  const fit = wantedBucket(destination, tables);
  const is = <T>(value: T | undefined): Seen<T> => ({ seen: true, value });
  const { region, versioning, objectLock, policy, publicAccess, lifecycle, replication } = values;
  return {
    bucket: destination.bucket,
    region: is(region ?? destination.region),
    versioning: is(versioning ?? 'Enabled'),
    objectLock: is(objectLock ?? { defaultRetention: undefined }),
    encryption: is({ algorithm: 'AES256' }),
    ownership: is('BucketOwnerEnforced'),
    policy: is(policy ?? JSON.stringify({ Version: '2012-10-17', Statement: fit.statements })),
    publicAccess: is(
      publicAccess ?? { blocksAcls: true, ignoresAcls: true, blocksPolicies: true, restrictsBuckets: true },
    ),
    lifecycle: is(lifecycle ?? { rules: fit.rules }),
    replication: replication === undefined ? absent : is(replication),
  };
}

function withRule(rule: Omit<LifecycleRule, 'isEnabled'>): BucketState {
  return bucketWith({ lifecycle: { rules: [...wanted.rules, { isEnabled: true, ...rule }] } });
}

function dangersIn(state: BucketState): readonly string[] {
  return findContradictions(state, wanted).flatMap(({ severity, text }) => (severity === 'danger' ? [text] : []));
}

test('the wanted rules contradict nothing', () => {
  assert.deepEqual(findContradictions(bucketWith({}), wanted), []);
  assert.ok(isFit(planBucket(bucketWith({}), wanted)));
});

test('3650 days are not ten years: a rule that hides what is locked until 3653 days is named', () => {
  const state = withRule({ id: 'tidy', filter: { prefix: 'archive/' }, expiration: { days: 3650 } });
  const [danger] = dangersIn(state);
  assert.match(
    danger ?? '',
    /^rule "tidy" expires after 3650 days what is locked for up to 3653 days \(archive\/ledger\/public\.charges\/ and 1 more\)/,
  );
  assert.equal(isFit(planBucket(state, wanted)), false);
});

test('a rule of ours that was shortened by hand is named, and to be put right', () => {
  const rules = wanted.rules.map((rule) =>
    rule.filter.prefix.endsWith('charges/') ? { ...rule, expiration: { days: 3650 } } : rule,
  );
  const state = bucketWith({ lifecycle: { rules } });
  assert.match(dangersIn(state)[0] ?? '', /expires after 3650 days what is locked for up to 3653 days/);
  assert.equal(planBucket(state, wanted).entries.find(({ setting }) => setting === 'lifecycle')?.action, 'set');
});

test('a rule for one month of one table, and one on a date, hide what is locked as well', () => {
  const narrow = 'archive/ledger/public.events/year=2026/';
  assert.match(
    dangersIn(withRule({ id: 'n', filter: { prefix: narrow }, expiration: { days: 400 } }))[0] ?? '',
    /locked for up to 2557 days/,
  );
  const date = new Date('2040-01-01');
  assert.match(
    dangersIn(withRule({ id: 'd', filter: { prefix: '' }, expiration: { date } }))[0] ?? '',
    /expires on 2040-01-01/,
  );
});

test('rules that cannot meet the archive are no danger: elsewhere, by tag, switched off, long enough', () => {
  const harmless: readonly LifecycleRule[] = [
    { id: 'elsewhere', isEnabled: true, filter: { prefix: 'logs/' }, expiration: { days: 1 } },
    { id: 'tagged', isEnabled: true, filter: { prefix: '', tags: { temporary: 'yes' } }, expiration: { days: 1 } },
    { id: 'off', isEnabled: false, filter: { prefix: '' }, expiration: { days: 1 } },
    { id: 'long', isEnabled: true, filter: { prefix: '' }, expiration: { days: 4000 } },
  ];
  const state = bucketWith({ lifecycle: { rules: [...wanted.rules, ...harmless] } });
  assert.deepEqual(dangersIn(state), []);
  const notes = findContradictions(state, wanted).map(({ text }) => text);
  assert.equal(notes.filter((text) => text.startsWith('not ours, and kept: ')).length, harmless.length);
});

test('whatever moves manifests out of STANDARD is named', () => {
  const transitions = [{ days: 30, storageClass: 'DEEP_ARCHIVE' }];
  assert.match(
    dangersIn(withRule({ id: 'cold', filter: { prefix: 'archive/' }, transitions }))[0] ?? '',
    /rule "cold" moves manifests \(archive\/_manifests\/\) to another storage class/,
  );
});

test('noncurrent versions that go early are noted as harmless, since S3 waits for the lock', () => {
  const state = withRule({ id: 'early', filter: { prefix: 'archive/' }, noncurrentExpiration: { days: 1 } });
  assert.deepEqual(dangersIn(state), []);
  assert.ok(findContradictions(state, wanted).some(({ text }) => /"early" deletes noncurrent .* harmless/.test(text)));
});

test('a default retention is told with how it compares, and left alone', () => {
  const years = { objectLock: { defaultRetention: { mode: 'GOVERNANCE', years: 1 } } } as const;
  const days = { objectLock: { defaultRetention: { mode: 'COMPLIANCE', days: 5000 } } } as const;
  const [shorter] = findContradictions(bucketWith(years), wanted);
  const [longer] = findContradictions(bucketWith(days), wanted);
  assert.match(shorter?.text ?? '', /1 years from the upload \(GOVERNANCE\), shorter than the policies' 3653 days/);
  assert.match(longer?.text ?? '', /5000 days from the upload \(COMPLIANCE\), longer than/);
  assert.ok(isFit(planBucket(bucketWith(days), wanted)));
});

test('a statement that lets in everybody is named, and keeps ours out while S3 refuses public policies', () => {
  const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' };
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [open] });
  const state = bucketWith({ policy });
  assert.match(dangersIn(state)[0] ?? '', /statement number 1 of the bucket's policy allows everybody/);
  const blocked = planBucket(state, wanted).entries.find(({ setting }) => setting === 'policy');
  assert.match(blocked?.text ?? '', /take that statement out first/);
  assert.equal(blocked?.action, 'cannot');
  const publicAccess = { blocksAcls: true, ignoresAcls: true, blocksPolicies: false, restrictsBuckets: false };
  const unblocked = planBucket(bucketWith({ policy, publicAccess }), wanted);
  assert.equal(unblocked.entries.find(({ setting }) => setting === 'policy')?.action, 'set');
});

test('a policy reads the same with its lists in another order, and as S3 answers it', () => {
  const Statement = wanted.statements.map((statement) => ({
    ...statement,
    Principal: '*',
    Resource: [statement.Resource ?? ''].flat().reverse(),
  }));
  const policy = JSON.stringify({ Statement, Version: '2012-10-17' });
  assert.ok(isFit(planBucket(bucketWith({ policy }), wanted)));
});

test('a lifecycle reads the same with its rules and their steps in another order', () => {
  const rules = wanted.rules
    .map((rule) => (rule.transitions === undefined ? rule : { ...rule, transitions: rule.transitions.toReversed() }))
    .toReversed();
  assert.ok(isFit(planBucket(bucketWith({ lifecycle: { rules } }), wanted)));
});

test('a policy that cannot be read or would be too long is left alone', () => {
  const planned = (policy: string) =>
    planBucket(bucketWith({ policy }), wanted).entries.find(({ setting }) => setting === 'policy');
  assert.equal(planned('<policy/>')?.action, 'cannot');
  const long = { Sid: 'x'.repeat(20_400), Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' };
  assert.match(planned(JSON.stringify({ Statement: [long] }))?.text ?? '', /longer than S3's 20480 bytes/);
});

test('more rules than S3 takes are counted, and nothing is replaced', () => {
  const others = Array.from({ length: 998 }, (_, i): LifecycleRule => {
    return { id: `r${i}`, isEnabled: true, filter: { prefix: `logs/${i}/` }, expiration: { days: 9 } };
  });
  const entry = planBucket(bucketWith({ lifecycle: { rules: others } }), wanted).entries.find(
    ({ setting }) => setting === 'lifecycle',
  );
  assert.equal(entry?.action, 'cannot');
  assert.match(entry?.text ?? '', /1000 rules: 4 are wanted, and 998 are there/);
});

test("a part locked under a longer policy of before keeps its table's rule long", () => {
  const shortened = { ...events, retentionYears: 1, storedLockDays: 2557 };
  const rule = wantedBucket(destination, [shortened]).rules.find(({ filter }) => filter.prefix.endsWith('events/'));
  assert.deepEqual(rule?.expiration, { days: 2558 });
});
