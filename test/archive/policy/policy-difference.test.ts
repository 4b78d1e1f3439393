import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  differenceLines,
  policyDifference,
  policyFieldChanges,
  requireApiMayChange,
  type StoredPolicy,
} from '../../../src/archive/policy/policy-difference.ts';
import { isAppError } from '../../../src/errors.ts';
import { madePolicy } from './made-policy.ts';

const stored: readonly StoredPolicy[] = [
  { origin: 'file', policy: madePolicy({ name: 'same' }) },
  { origin: 'file', policy: madePolicy({ name: 'changed', retentionYears: 12 }) },
  { origin: 'file', policy: madePolicy({ name: 'gone' }) },
  { origin: 'api', policy: madePolicy({ name: 'by-hand' }) },
  { origin: 'api', policy: madePolicy({ name: 'taken' }) },
];
const wanted = [
  madePolicy({ name: 'taken', hotDays: 30 }),
  madePolicy({ name: 'new' }),
  madePolicy({ name: 'changed', retentionYears: 7, purge: true, compression: 'gzip:9' }),
  madePolicy({ name: 'same' }),
];

test('the difference has what is new, changed, gone and the same; what the API made is never touched', () => {
  const difference = policyDifference(stored, wanted);
  assert.deepEqual(
    difference.added.map(({ name }) => name),
    ['new'],
  );
  assert.deepEqual(
    difference.changed.map(({ name }) => name),
    ['changed'],
  );
  assert.deepEqual(difference.removed, ['gone']);
  assert.deepEqual(difference.unchanged, ['same']);
  assert.deepEqual(difference.contested, ['taken']);
});

test('applying a difference leaves none', () => {
  const { added, changed, removed } = policyDifference(stored, wanted);
  const applied = new Map(stored.map((entry) => [entry.policy.name, entry]));
  for (const name of removed) applied.delete(name);
  for (const policy of [...added, ...changed.map((change) => change.policy)]) {
    applied.set(policy.name, { origin: 'file', policy });
  }
  const again = policyDifference([...applied.values()], wanted);
  assert.deepEqual([again.added, again.changed, again.removed], [[], [], []]);
});

test('a change that protects less than before says so, and only such a one', () => {
  const base = madePolicy({ purge: true, undoDays: 7, hotDays: 90, retentionYears: 10 });
  const looser = [
    { retentionYears: 9 },
    { hotDays: 60 },
    { undoDays: 1 },
    { lockMode: 'GOVERNANCE' },
    { enabled: false },
    { tables: ['other'] },
  ] as const;
  for (const fields of looser) {
    const [change, ...others] = policyFieldChanges(base, madePolicy({ ...base, ...fields }));
    assert.equal(others.length, 0);
    assert.ok(change?.loosens !== undefined, JSON.stringify(fields));
  }
  const stricter = [{ retentionYears: 11 }, { hotDays: 120 }, { undoDays: 30 }, { compression: 'zstd:9' }] as const;
  for (const fields of stricter) {
    const changes = policyFieldChanges(base, madePolicy({ ...base, ...fields }));
    assert.deepEqual(
      changes.map(({ loosens }) => loosens),
      [undefined],
    );
  }
  const off = madePolicy();
  assert.ok(policyFieldChanges(off, madePolicy({ purge: true }))[0]?.loosens);
  assert.equal(policyFieldChanges(madePolicy({ purge: true }), off)[0]?.loosens, undefined);
});

test('the printed difference names every field with what it was and what it becomes', () => {
  const text = differenceLines(policyDifference(stored, wanted)).join('\n');
  assert.match(text, /\+ new: public\.\*_ledger of main/);
  assert.match(text, /retentionYears: 12 -> 7 {2}\(looser/);
  assert.match(text, /purge: false -> true {2}\(looser: rows will be deleted/);
  assert.match(text, /compression: zstd:3 -> gzip:9$/m);
  assert.match(text, /- gone/);
  assert.match(text, /! taken: .*stays/);
  assert.doesNotMatch(text, /by-hand|same/);
});

test('nothing to change is said, too', () => {
  assert.deepEqual(differenceLines(policyDifference([], [])), ['no policies']);
  const same = madePolicy();
  assert.deepEqual(differenceLines(policyDifference([{ origin: 'file', policy: same }], [same])), [
    'no changes (1 policy)',
  ]);
});

test('what billvault.yaml declares, the API cannot change', () => {
  requireApiMayChange({ origin: 'api', policy: madePolicy() });
  assert.throws(
    () => requireApiMayChange({ origin: 'file', policy: madePolicy() }),
    (error) => isAppError(error, 'ILLEGAL_STATE') && /billvault\.yaml/.test(error.message),
  );
});
