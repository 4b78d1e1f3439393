import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planWork } from '../../../src/archive/plan/plan.ts';
import { planLines, planSummary } from '../../../src/archive/plan/plan-lines.ts';
import { madePolicy } from '../policy/made-policy.ts';
import { codes, entryOf, keeping, ledger, madeFacts, madeHold, madePlan, madeUnit, purging } from './made-plan.ts';

const months = (...texts: readonly string[]) => texts.map((month) => ({ month, rows: 10 }));
const usage = { ...ledger, table: 'usage_ledger' };
const foreign = { ...ledger, source: 'alpha' };

function findingCodes(plan: ReturnType<typeof madePlan>): readonly string[] {
  return plan.findings.map(({ code }) => code);
}

test('a plan with nothing to do says why: no policies, none enabled, a filter or a pattern that finds nothing', () => {
  assert.deepEqual(findingCodes(madePlan({ policies: [] })), ['no-policies']);
  assert.deepEqual(findingCodes(madePlan({ policies: [madePolicy({ enabled: false })] })), ['no-enabled-policies']);
  assert.deepEqual(findingCodes(madePlan({ filter: { tables: ['public.nothing'] } })), ['filter-unmatched']);
  assert.deepEqual(findingCodes(madePlan({ filter: { policies: ['nobody'] } })), ['filter-unmatched']);
  assert.deepEqual(findingCodes(madePlan({ policies: [madePolicy({ tables: ['gone'] })] })), ['pattern-unmatched']);
  for (const plan of [madePlan({ policies: [] }), madePlan({ filter: { tables: ['nothing'] } })]) {
    assert.deepEqual(plan.entries, []);
    assert.equal(planSummary(plan), 'nothing to do');
  }
});

test('an empty table, and a month that was asked for and is empty, are answered', () => {
  assert.deepEqual(codes(entryOf(madePlan({ facts: [madeFacts({ months: [] })] }), null)), ['nothing-there']);
  const plan = madePlan({ filter: { from: '2020-01', to: '2020-01' } });
  assert.deepEqual([plan.entries.length, codes(entryOf(plan, null))], [1, ['nothing-there']]);
});

test('a table whose rows are all hot says when the last of them are due, counted or not', () => {
  const counted = madePlan({ facts: [madeFacts({ months: months('2026-05') })] });
  const uncounted = madePlan({ facts: [madeFacts({ months: [], newestMonth: '2026-05' })] });
  assert.deepEqual([entryOf(counted, '2026-05').rows, entryOf(uncounted, '2026-05').rows], [10, null]);
  for (const plan of [counted, uncounted]) {
    assert.deepEqual(
      plan.entries.map((entry) => [entry.month, entry.action, ...codes(entry)]),
      [['2026-05', 'none', 'not-yet']],
    );
  }
});

test('a table that has no such time column, or that vanished, is not touched', () => {
  const plan = madePlan({ facts: [madeFacts({ hasTimeColumn: false, months: [] })] });
  assert.deepEqual(codes(entryOf(plan, null)), ['no-time-column']);
  assert.deepEqual(codes(entryOf(madePlan({ facts: [], tables: [ledger] }), null)), ['nothing-there']);
});

test('of a policy that reaches a denied table nothing is done, and each of its tables says why', () => {
  const tables = [ledger, { ...ledger, table: 'secret_ledger' }];
  const plan = madePlan({ tables, deny: ['secret_*'] });
  assert.deepEqual(
    plan.entries.map((entry) => [entry.table, entry.action, ...codes(entry)]),
    [
      ['credit_ledger', 'none', 'policy-refused'],
      ['secret_ledger', 'none', 'denied'],
    ],
  );
  assert.deepEqual(findingCodes(plan), ['policy-refused']);
});

test('of two policies that reach one table neither does anything', () => {
  const policies = [keeping, madePolicy({ name: 'second', tables: ['credit_*'], purge: true })];
  const plan = madePlan({ policies, units: [madeUnit()] });
  assert.ok(plan.entries.every(({ action, purges }) => action === 'none' && !purges));
  assert.deepEqual(findingCodes(plan), ['policy-refused', 'policy-refused']);
});

test('an unfinished unit that no policy reaches any more is not forgotten', () => {
  const unit = madeUnit({ ...usage, state: 'EXPORTED' });
  const policies = [madePolicy({ tables: ['credit_ledger'] })];
  const plan = madePlan({ policies, units: [unit, madeUnit({ ...usage, id: 8, month: '2025-12' })] });
  assert.deepEqual(findingCodes(plan), ['unit-without-policy']);
  assert.match(plan.findings[0]?.message ?? '', /main\/public\.usage_ledger 2026-01 is EXPORTED/);
});

test('rows that belong to no month, and a missing key, are told once for the table', () => {
  const facts = [
    madeFacts({ nullTimeRows: 2, infiniteTimeRows: 1, hasPrimaryKey: false, months: months('2025-12', '2026-01') }),
  ];
  const plan = madePlan({ facts });
  assert.deepEqual(codes(entryOf(plan, null)), ['no-primary-key', 'rows-without-month']);
  assert.equal(plan.entries.length, 3);
  const named = madePlan({ facts, policies: [madePolicy({ primaryKey: ['id'] })] });
  assert.deepEqual(codes(entryOf(named, null)), ['rows-without-month']);
});

test('a filter narrows the plan to its sources, policies, tables and months, both ends included', () => {
  const facts = [
    madeFacts({ months: months('2025-11', '2025-12', '2026-01') }),
    madeFacts({ ...usage, months: months('2025-12') }),
    madeFacts({ ...foreign, months: months('2025-12') }),
  ];
  const policies = [keeping, madePolicy({ name: 'foreign', source: 'alpha' })];
  const of = (filter: object) =>
    madePlan({ facts, policies, filter }).entries.map(({ source, table, month }) => `${source} ${table} ${month}`);
  assert.equal(of({}).length, 5);
  assert.deepEqual(of({ sources: ['alpha'] }), ['alpha credit_ledger 2025-12']);
  assert.deepEqual(of({ policies: ['foreign'] }), ['alpha credit_ledger 2025-12']);
  assert.deepEqual(of({ tables: ['usage_*'] }), ['main usage_ledger 2025-12']);
  assert.deepEqual(of({ sources: ['main'], tables: ['public.credit_ledger'], from: '2025-11', to: '2025-12' }), [
    'main credit_ledger 2025-11',
    'main credit_ledger 2025-12',
  ]);
});

test('the work of a plan comes source by source, oldest period first, and has nothing that is not to be done', () => {
  const facts = [
    madeFacts({ months: months('2026-01', '2025-11', '2026-04') }),
    madeFacts({ ...usage, months: months('2025-11', '2025-12') }),
    madeFacts({ ...foreign, months: months('2026-01') }),
  ];
  const policies = [keeping, madePolicy({ name: 'foreign', source: 'alpha' })];
  const work = planWork(madePlan({ facts, policies, units: [madeUnit({ ...usage, rows: 10, month: '2025-12' })] }));
  assert.deepEqual(
    work.map(({ source, month, entries }) => [source, month, ...entries.map(({ table }) => table)]),
    [
      ['alpha', '2026-01', 'credit_ledger'],
      ['main', '2025-11', 'credit_ledger', 'usage_ledger'],
      ['main', '2026-01', 'credit_ledger'],
    ],
  );
});

test('the same question has the same plan', () => {
  const question = { facts: [madeFacts({ months: months('2026-01', '2025-12') })], units: [madeUnit()] };
  assert.deepEqual(madePlan(question), madePlan(question));
});

test('a printed plan says of every month what is done, to how many rows and why, and what is deleted', () => {
  const facts = [
    madeFacts({ months: [{ month: '2026-01', rows: 12_345 }, ...months('2025-12', '2025-11', '2026-05')] }),
  ];
  const units = [madeUnit({ month: '2025-12', rows: 10 }), madeUnit({ id: 8, month: '2025-11', rows: 10 })];
  const holds = [madeHold({ to: '2025-11' })];
  assert.deepEqual(planLines(madePlan({ policies: [purging], facts, units, holds })), [
    'main',
    '  public.credit_ledger (policy ledger, monthly)',
    '    2025-11  -             10 rows: already archived, 10 rows; under hold 3 (case 12): not purged',
    '    2025-12  purge         10 rows: due since 2026-04-01',
    '    2026-01  export        12,345 rows: then purge; due since 2026-05-02',
    '    2026-05  -             10 rows: not due until 2026-08-30',
    'to do: purge 1 (10 rows), export 1 (12,345 rows); 12,355 rows deleted after their proof',
  ]);
});

test('names and texts from outside do nothing to the terminal that shows a plan', () => {
  const evil = { ...ledger, table: '\u001b[2J_ledger' };
  const units = [madeUnit({ ...evil, state: 'FAILED', attempts: 1, error: '\u001b[2J' })];
  const holds = [madeHold({ reason: '\u001b[2J' })];
  const text = planLines(madePlan({ facts: [madeFacts(evil)], units, holds })).join('');
  assert.doesNotMatch(text, /\p{Cc}/u);
});
