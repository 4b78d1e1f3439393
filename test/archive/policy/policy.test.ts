import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifications, retentionLimits } from '../../../src/archive/policy/classification.ts';
import { compressionText } from '../../../src/archive/policy/compression.ts';
import { checkPolicySources, parsePolicies, parsePolicy } from '../../../src/archive/policy/parse-policy.ts';
import { isAppError } from '../../../src/errors.ts';
import { ledgerInput, madePolicy } from './made-policy.ts';

function refused(input: Record<string, unknown>, ...words: readonly RegExp[]): void {
  refusedBy(() => parsePolicy({ ...ledgerInput, ...input }), ...words);
}

function refusedBy(parse: () => unknown, ...words: readonly RegExp[]): void {
  assert.throws(parse, (error) => {
    assert.ok(isAppError(error, 'POLICY_INVALID'), String(error));
    for (const word of words) assert.match(error.message, word);
    return true;
  });
}

test('what a policy leaves out is filled in, cautiously: rows stay, locks cannot be lifted', () => {
  const policy = parsePolicy(ledgerInput);
  assert.equal(policy.purge, false);
  assert.equal(policy.lockMode, 'COMPLIANCE');
  assert.equal(policy.hotDays, 90);
  assert.equal(policy.retentionYears, 10);
  assert.equal(policy.undoDays, 0);
  assert.equal(policy.schedule, '0 3 2 * *');
  assert.equal(policy.storageClass, 'INTELLIGENT_TIERING');
  assert.equal(policy.layout, 'hive');
  assert.deepEqual(policy.compression, { codec: 'zstd', level: 3 });
  assert.equal(policy.partRows, 1_000_000);
  assert.equal(policy.partBytes, 67_108_864);
});

test('a policy that was filled in is the same when it is read again from where it was stored', () => {
  for (const fields of [{}, { purge: true, undoDays: 7 }, { mode: 'snapshot', timeColumn: undefined } as const]) {
    const policy = madePolicy(fields);
    assert.deepEqual(parsePolicy(JSON.parse(JSON.stringify(policy))), JSON.parse(JSON.stringify(policy)));
  }
});

test('every classification has a default between its limits, and a policy is held to them', () => {
  for (const classification of classifications) {
    const { minimumYears, defaultYears, maximumYears } = retentionLimits[classification];
    assert.ok(minimumYears <= defaultYears && defaultYears <= maximumYears);
    assert.equal(madePolicy({ classification }).retentionYears, defaultYears);
    assert.equal(madePolicy({ classification, retentionYears: maximumYears }).retentionYears, maximumYears);
    refused({ classification, retentionYears: maximumYears + 1 }, /policy ledger/, /retentionYears is/, /years/);
    if (minimumYears > 1) refused({ classification, retentionYears: minimumYears - 1 }, /retentionYears is/);
  }
});

test('compression is understood in words and in parts, and its level is held to the codec', () => {
  assert.equal(compressionText(madePolicy({ compression: 'zstd:22' }).compression), 'zstd:22');
  assert.equal(compressionText(madePolicy({ compression: 'gzip' }).compression), 'gzip:6');
  assert.equal(compressionText(madePolicy({ compression: { codec: 'gzip', level: 9 } }).compression), 'gzip:9');
  assert.equal(compressionText(madePolicy({ compression: 'snappy' }).compression), 'snappy');
  assert.equal(compressionText(madePolicy({ compression: 'none' }).compression), 'none');
  for (const compression of ['zstd:0', 'zstd:23', 'gzip:10', 'gzip:', 'zstd:9:9', 'snappy:1', 'lzma', 'zstd:3.5', 7]) {
    refused({ compression }, /policy ledger: compression/);
  }
});

test('an unknown field, a missing one and a wrong one are refused by the names of the policy and the field', () => {
  refused({ retention: 10 }, /policy ledger/, /retention/);
  refused({ hotDays: 36_501 }, /policy ledger: hotDays is 36501/);
  refused({ hotDays: '90' }, /policy ledger: hotDays is "90"/);
  refused({ tables: [] }, /policy ledger: tables/, /at least one/);
  refused({ tables: ['a..b', '.x', 'x.', ''].slice(1) }, /tables\.0 is "\.x"/);
  refused({ classification: 'secret' }, /classification is "secret"/);
  refused({ schedule: 'monthly' }, /schedule is "monthly"/);
  refused({ throttle: { load: 2 } }, /throttle\.load is 2/);
  refused({ partBytes: 1_073_741_825 }, /partBytes is 1073741825/);
  refused({ name: 'No Name' }, /No Name/);
  refusedBy(() => parsePolicy('ledger'), /policy without a name/);
  refusedBy(() => parsePolicy(null), /policy without a name/);
});

test('a class that cannot be read back as its own proof is no class to upload in', () => {
  refused({ storageClass: 'DEEP_ARCHIVE' }, /storageClass is "DEEP_ARCHIVE"/);
  refused({ storageClass: 'GLACIER' }, /storageClass is "GLACIER"/);
});

test('fields that contradict each other are refused with a way out', () => {
  refused({ timeColumn: undefined }, /timeColumn is missing/, /snapshot/);
  refused({ mode: 'snapshot' }, /timeColumn is "created_at"/, /remove timeColumn/);
  refused({ mode: 'snapshot', timeColumn: undefined, purge: true }, /purge is true/, /set purge to false/);
  refused({ purge: true, hotDays: 0 }, /hotDays is 0/, /1 or more/);
  refused({ undoDays: 7 }, /undoDays is 7/, /set purge to true/);
  refused({ hotDays: 3_650 }, /hotDays is 3650/, /retentionYears is 10/, /below 3650/);
  refused({ primaryKey: ['id', 'id'] }, /primaryKey/, /twice/);
  refused({ tables: ['a', 'a'] }, /tables/, /twice/);
});

test('of the registry itself only the audit trail is archived, and nothing is deleted', () => {
  const audit = { source: 'billvault', tables: ['registry.audit_event'], timeColumn: 'at', classification: 'audit' };
  assert.equal(parsePolicy({ ...ledgerInput, ...audit }).purge, false);
  refused({ ...audit, purge: true }, /append-only/);
  refused({ ...audit, tables: ['registry.*'] }, /registry\.\*/, /only registry\.audit_event/);
  refused({ ...audit, mode: 'snapshot', timeColumn: undefined }, /monthly/);
});

test('policies are refused together for one name twice, and for flat keys that two sources would share', () => {
  const other = { ...ledgerInput, name: 'other' };
  assert.equal(parsePolicies([ledgerInput, other]).length, 2);
  refusedBy(() => parsePolicies([ledgerInput, ledgerInput]), /policy ledger/, /two policies/);
  const flat = { ...ledgerInput, layout: 'flat' };
  assert.equal(parsePolicies([flat, { ...other, layout: 'flat' }]).length, 2);
  refusedBy(
    () => parsePolicies([flat, { ...other, layout: 'flat', source: 'second' }]),
    /policy other/,
    /layout is "flat"/,
    /ledger/,
  );
});

test('a policy of a source that nobody configured is refused, naming those there are', () => {
  checkPolicySources([madePolicy()], ['main']);
  refusedBy(
    () => checkPolicySources([madePolicy()], ['first', 'second']),
    /source is "main"/,
    /first, second, billvault/,
  );
});
