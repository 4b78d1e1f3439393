import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignTables, tableKey } from '../../../src/archive/policy/assign-tables.ts';
import { defaultDenyPatterns } from '../../../src/archive/policy/deny-list.ts';
import { requireNoneDenied, selectTables } from '../../../src/archive/policy/select-tables.ts';
import {
  deniesTable,
  isTablePattern,
  matchesTable,
  type TableName,
  tableText,
} from '../../../src/archive/policy/table-pattern.ts';
import { isAppError } from '../../../src/errors.ts';
import { madePolicy } from './made-policy.ts';

function named(text: string): TableName {
  const [schema = '', table = ''] = text.split('.');
  return { schema, table };
}

test('a pattern reaches what its wildcards say and nothing else', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['public.credit_ledger', 'public.credit_ledger', true],
    ['credit_ledger', 'public.credit_ledger', true],
    ['credit_ledger', 'other.credit_ledger', false],
    ['*.credit_ledger', 'other.credit_ledger', true],
    ['public.*_ledger', 'public.credit_ledger', true],
    ['public.*_ledger', 'public._ledger', true],
    ['public.*_ledger', 'public.ledger', false],
    ['public.*_ledger', 'public.credit_ledger_old', false],
    ['public.usage_20??', 'public.usage_2024', true],
    ['public.usage_20??', 'public.usage_202', false],
    ['*.*', 'a.b', true],
    ['public.a*b*c', 'public.axxbxxbc', true],
    ['public.a*b*c', 'public.axxbxxb', false],
    ['public.Credit', 'public.credit', false],
    ['public.a+b', 'public.aab', false],
    ['public.[ab]', 'public.a', false],
    ['public.?', 'public.😀', true],
  ];
  for (const [pattern, table, expected] of cases) {
    assert.equal(matchesTable(pattern, named(table)), expected, `${pattern} on ${table}`);
  }
});

test('a pattern of many stars takes no longer than any other', () => {
  const name = { schema: 'public', table: 'a'.repeat(63) };
  const startedAt = performance.now();
  for (let i = 0; i < 100; i++) assert.equal(matchesTable(`public.${'*a'.repeat(30)}b`, name), false);
  assert.ok(performance.now() - startedAt < 1_000);
});

test('what cannot name a table is no pattern', () => {
  for (const text of ['', '.', 'a.', '.a', ' a', 'a ', 'a\nb', 'a\0', 'x'.repeat(128)])
    assert.equal(isTablePattern(text), false);
  for (const text of ['a', 'a.b', '*', '*.*', 'Schema.Table name']) assert.equal(isTablePattern(text), true);
});

test('secrets, tokens, passwords, sessions and keys are denied in every schema and spelling; their like are not', () => {
  const isDenied = (table: string) => defaultDenyPatterns.some((pattern) => deniesTable(pattern, named(table)));
  for (const table of [
    'public.secrets',
    'auth.Refresh_Tokens',
    'app.passwords',
    'public.USER_SESSIONS',
    'x.api_keys',
    'x.client_api_key',
    'public.webhook_signing_keys',
  ]) {
    assert.ok(isDenied(table), table);
  }
  for (const table of ['public.token_usage', 'public.credit_ledger', 'public.session_minutes', 'public.keyboards']) {
    assert.ok(!isDenied(table), table);
  }
});

test('a selection has every table once, says which are denied by what, and which pattern finds none', () => {
  const existing = ['public.credit_ledger', 'public.usage_ledger', 'public.api_keys', 'kyc.checks'].map(named);
  const patterns = ['public.*', '*_ledger', 'kyc.*', 'public.gone'];
  const selection = selectTables({ patterns, deny: ['api_keys', 'kyc.*'], existing });
  assert.deepEqual(selection.matched.map(tableText), ['public.credit_ledger', 'public.usage_ledger']);
  assert.deepEqual(
    selection.denied.map(({ pattern, deniedBy, ...name }) => [tableText(name), pattern, deniedBy]),
    [
      ['public.api_keys', 'public.*', 'api_keys'],
      ['kyc.checks', 'kyc.*', 'kyc.*'],
    ],
  );
  assert.deepEqual(selection.unmatched, ['public.gone']);
  assert.throws(
    () => requireNoneDenied('all', selection),
    (error) => isAppError(error, 'TABLE_DENIED') && /policy all .*public\.api_keys.*"api_keys"/.test(error.message),
  );
});

test('a policy that reaches one denied table is refused whole; so are two that reach the same one', () => {
  const tables = ['public.credit_ledger', 'public.usage_ledger', 'public.audit_log', 'public.sessions'].map((text) => {
    return { source: 'main', ...named(text) };
  });
  const policies = [
    madePolicy({ name: 'wide', tables: ['public.s*', 'audit_log'] }),
    madePolicy({ name: 'a', tables: ['*_ledger'] }),
    madePolicy({ name: 'b', tables: ['usage_*'] }),
    madePolicy({ name: 'off', tables: ['*_ledger'], enabled: false }),
    madePolicy({ name: 'elsewhere', source: 'second', tables: ['*_ledger'] }),
  ];
  const refusals = assignTables({ policies, deny: [], tables }).map(({ policy, refusal }) => [
    policy.name,
    refusal?.code,
  ]);
  assert.deepEqual(refusals, [
    ['wide', 'TABLE_DENIED'],
    ['a', 'POLICY_INVALID'],
    ['b', 'POLICY_INVALID'],
    ['elsewhere', undefined],
  ]);
});

test('two tables never share a key, whatever dots their names have', () => {
  const a = tableKey({ source: 's', schema: 'a.b', table: 'c' });
  assert.notEqual(a, tableKey({ source: 's', schema: 'a', table: 'b.c' }));
});
