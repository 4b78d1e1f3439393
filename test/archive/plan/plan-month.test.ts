import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueAt } from '../../../src/archive/month.ts';
import { maxUnindexedBytes } from '../../../src/archive/plan/plan-month.ts';
import { madePolicy } from '../policy/made-policy.ts';
import {
  codes,
  entryOf,
  keeping,
  ledger,
  madeFacts,
  madeHold,
  madePlan,
  madeUnit,
  now,
  purging,
  reasonOf,
} from './made-plan.ts';

const later = new Date(now.getTime() + 86_400_000);
const before = new Date(now.getTime() - 86_400_000);

test('a month is exported from the instant at which it is due, and not a millisecond sooner', () => {
  const due = dueAt('2026-01', 90);
  const early = entryOf(madePlan({ now: new Date(due.getTime() - 1) }));
  assert.equal(early.action, 'none');
  assert.deepEqual(reasonOf(early, 'not-yet').until, due);
  const entry = entryOf(madePlan({ now: due }));
  assert.equal(entry.action, 'export');
  assert.equal(entry.purges, false);
  assert.deepEqual(codes(entry), ['due', 'purge-off']);
  assert.equal(entry.retainUntil?.toISOString(), '2036-02-01T00:00:00.000Z');
});

test('with a policy that purges, an export says that its rows will be deleted', () => {
  const entry = entryOf(madePlan({ policies: [purging] }));
  assert.equal(entry.action, 'export');
  assert.equal(entry.purges, true);
});

test('what was begun is resumed, what is stored is verified', () => {
  assert.equal(entryOf(madePlan({ units: [madeUnit({ state: 'PLANNED' })] })).action, 'resume');
  const verify = entryOf(madePlan({ units: [madeUnit({ state: 'EXPORTED' })], policies: [purging] }));
  assert.equal(verify.action, 'verify');
  assert.equal(verify.purges, true);
  assert.equal(verify.unitId, 7);
});

test('a proved month is left alone by a policy that keeps, and purged by one that does not', () => {
  const units = [madeUnit()];
  const kept = entryOf(madePlan({ units }));
  assert.deepEqual([kept.action, codes(kept)], ['none', ['already-archived', 'purge-off']]);
  const purged = entryOf(madePlan({ units, policies: [purging] }));
  assert.deepEqual([purged.action, purged.purges], ['purge', true]);
});

test('a hold stops the purge of its table and months, and no export', () => {
  const covering = [
    madeHold(),
    madeHold({ table: 'public.credit_ledger' }),
    madeHold({ from: '2026-01', to: '2026-01' }),
    madeHold({ until: later }),
  ];
  for (const hold of covering) {
    const held = entryOf(madePlan({ policies: [purging], units: [madeUnit()], holds: [hold] }));
    assert.deepEqual([held.action, held.purges], ['none', false], JSON.stringify(hold));
    assert.equal(reasonOf(held, 'held').hold, 3);
    const fresh = entryOf(madePlan({ policies: [purging], holds: [hold] }));
    assert.deepEqual([fresh.action, fresh.purges], ['export', false]);
    assert.ok(codes(fresh).includes('held'));
  }
});

test('a hold that is over, released, or of something else stops nothing', () => {
  const others = [
    madeHold({ until: now }),
    madeHold({ releasedAt: before }),
    madeHold({ source: 'second' }),
    madeHold({ table: 'public.other' }),
    madeHold({ to: '2025-12' }),
    madeHold({ from: '2026-02' }),
  ];
  const entry = entryOf(madePlan({ policies: [purging], units: [madeUnit()], holds: others }));
  assert.deepEqual([entry.action, entry.purges], ['purge', true]);
  assert.ok(!codes(entry).includes('held'));
});

test('rows that come after the export become a further part, whether the month was purged or not', () => {
  const facts = [madeFacts({ months: [{ month: '2026-01', rows: 103 }] })];
  const kept = entryOf(madePlan({ facts, units: [madeUnit()] }));
  assert.deepEqual([kept.action, reasonOf(kept, 'late-rows').rows], ['further-part', 3]);
  const purged = madeUnit({ state: 'PURGED', purged: 100 });
  const late = [madeFacts({ months: [{ month: '2026-01', rows: 2 }] })];
  const again = entryOf(madePlan({ facts: late, units: [purged], policies: [purging] }));
  assert.deepEqual([again.action, again.purges, reasonOf(again, 'late-rows').rows], ['further-part', true, 2]);
});

test('a table whose rows were archived by another time column that it still has waits for a person: they would be archived twice', () => {
  const units = [madeUnit({ timeColumn: 'billed_at' })];
  const columns = ['id', 'billed_at', 'created_at'];
  const [entry, ...others] = madePlan({ facts: [madeFacts({ columns })], units }).entries;
  assert.deepEqual([entry?.action, entry?.month, others.length], ['none', null, 0]);
  assert.deepEqual(entry?.reasons, [{ code: 'time-column-changed', from: 'billed_at', to: 'created_at' }]);
  assert.equal(entryOf(madePlan({ units })).action, 'none', 'a column that was renamed has the same rows');
  const purged = units.map((unit) => ({ ...unit, month: '2025-12', state: 'PURGED' as const, purged: 100 }));
  assert.equal(entryOf(madePlan({ facts: [madeFacts({ columns })], units: purged })).action, 'export');
});

test('departed and already purged rows are not expected in the table any more', () => {
  const facts = [madeFacts({ months: [{ month: '2026-01', rows: 40 }] })];
  const units = [madeUnit({ rows: 110, departed: 10, purged: 60 })];
  assert.equal(entryOf(madePlan({ facts, units })).action, 'none');
  const entry = entryOf(madePlan({ facts: [madeFacts({ months: [{ month: '2026-01', rows: 41 }] })], units }));
  assert.equal(reasonOf(entry, 'late-rows').rows, 1);
});

test('archived rows that vanished without a purge are told, also where all of them did', () => {
  const entry = entryOf(madePlan({ facts: [madeFacts({ months: [] })], units: [madeUnit()] }));
  assert.deepEqual([entry.action, entry.rows, reasonOf(entry, 'rows-gone').rows], ['none', 0, 100]);
});

test('a month whose retention is over is left where it is, and says so: nothing can be locked into the past', () => {
  const facts = [
    madeFacts({
      months: [
        { month: '2016-04', rows: 5 },
        { month: '2016-05', rows: 6 },
      ],
    }),
  ];
  const plan = madePlan({ policies: [purging], facts });
  const over = entryOf(plan, '2016-04');
  assert.deepEqual(
    [over.action, over.purges, reasonOf(over, 'retention-over').since],
    ['none', false, new Date('2026-05-01')],
  );
  assert.deepEqual([entryOf(plan, '2016-05').action, entryOf(plan, '2016-05').purges], ['export', true]);
  const failed = madeUnit({ month: '2016-04', state: 'FAILED', retainUntil: new Date('2026-05-01') });
  assert.equal(entryOf(madePlan({ facts, units: [failed], filter: { retryNow: true } }), '2016-04').action, 'none');
});

test('a month that somebody emptied is not purged, so that its rows stay restorable; a purge that was under way is settled', () => {
  const question = { policies: [purging], facts: [madeFacts({ months: [] })] };
  const emptied = entryOf(madePlan({ ...question, units: [madeUnit()] }));
  assert.deepEqual([emptied.action, emptied.purges, reasonOf(emptied, 'rows-gone').rows], ['none', false, 100]);
  const unsettled = entryOf(madePlan({ ...question, units: [madeUnit({ isPurgeUnsettled: true })] }));
  assert.equal(unsettled.action, 'purge');
  const settled = entryOf(madePlan({ ...question, units: [madeUnit({ purged: 100 })] }));
  assert.equal(settled.action, 'purge');
});

test('of a month that is due no more, whose rows nobody counted, nothing is said that nobody knows', () => {
  const patient = madePolicy({ purge: true, hotDays: 120 });
  const entry = entryOf(madePlan({ policies: [patient], facts: [madeFacts({ months: [] })], units: [madeUnit()] }));
  assert.deepEqual([entry.action, entry.rows, codes(entry)], ['none', null, ['already-archived', 'not-yet']]);
});

test('restored rows stay until their date, and rows beyond them are late rows still', () => {
  const purged = madeUnit({ state: 'PURGED', purged: 100, keepUntil: later });
  const entry = entryOf(madePlan({ policies: [purging], units: [purged] }));
  assert.deepEqual([entry.action, entry.purges], ['none', false]);
  assert.deepEqual(reasonOf(entry, 'restored-until').until, later);
  const facts = [madeFacts({ months: [{ month: '2026-01', rows: 104 }] })];
  const late = entryOf(madePlan({ policies: [purging], units: [purged], facts }));
  assert.deepEqual([late.action, late.purges, reasonOf(late, 'late-rows').rows], ['further-part', false, 4]);
  const over = entryOf(madePlan({ policies: [purging], units: [{ ...purged, keepUntil: before }] }));
  assert.deepEqual([over.action, over.purges], ['further-part', true]);
});

test('a purge waits for the hot days of the policy as it is now', () => {
  const patient = madePolicy({ purge: true, hotDays: 120 });
  const entry = entryOf(madePlan({ policies: [patient], units: [madeUnit()] }));
  assert.deepEqual([entry.action, entry.purges, codes(entry)], ['none', false, ['already-archived', 'not-yet']]);
  const begun = entryOf(madePlan({ policies: [patient], units: [madeUnit({ state: 'EXPORTED' })] }));
  assert.deepEqual([begun.action, begun.purges], ['verify', false]);
});

test('a purged month says until when it can be undone', () => {
  const facts = [madeFacts({ months: [] })];
  const unit = madeUnit({ state: 'PURGED', purged: 100, undoUntil: later });
  const entry = entryOf(madePlan({ policies: [purging], facts, units: [unit] }));
  assert.deepEqual([entry.action, codes(entry)], ['none', ['already-archived', 'undo-window']]);
});

test('what failed waits longer after every attempt, at most hours, and not at all when it is asked for', () => {
  const failed = (attempts: number, minutesAgo: number) =>
    madeUnit({
      state: 'FAILED',
      attempts,
      failedAt: new Date(now.getTime() - minutesAgo * 60_000),
      error: 'NETWORK: reset',
    });
  const actionOf = (attempts: number, minutesAgo: number) =>
    entryOf(madePlan({ units: [failed(attempts, minutesAgo)] })).action;
  assert.equal(actionOf(1, 0.9), 'none');
  assert.equal(actionOf(1, 1), 'resume');
  assert.equal(actionOf(3, 3.9), 'none');
  assert.equal(actionOf(3, 4), 'resume');
  assert.equal(actionOf(1_000, 359), 'none');
  assert.equal(actionOf(1_000, 360), 'resume');
  const waiting = entryOf(madePlan({ units: [failed(2, 0)] }));
  assert.deepEqual(codes(waiting), ['failed-before', 'in-cooldown']);
  assert.equal(entryOf(madePlan({ units: [failed(9, 0)], filter: { retryNow: true } })).action, 'resume');
});

test('a table that changed since its last unit is archived as it is now, and that is said', () => {
  const facts = [madeFacts({ definitionSha256: 'b'.repeat(64) })];
  const last = madeUnit({ month: '2025-12', rows: 0 });
  const entry = entryOf(madePlan({ facts, units: [last] }));
  assert.deepEqual([entry.action, codes(entry)], ['export', ['due', 'schema-drifted', 'purge-off']]);
  assert.ok(!codes(entryOf(madePlan({ units: [last] }))).includes('schema-drifted'));
});

test('a table without an index of its time is archived with a warning; one too large for that is not read at all', () => {
  const small = madePlan({ facts: [madeFacts({ hasTimeIndex: false })], policies: [purging] });
  assert.deepEqual([entryOf(small).action, entryOf(small).purges], ['export', true]);
  assert.equal(reasonOf(entryOf(small, null), 'no-index').isRefused, false);
  const facts = [madeFacts({ hasTimeIndex: false, sizeBytes: maxUnindexedBytes + 1 })];
  for (const units of [[], [madeUnit()], [madeUnit({ state: 'PLANNED' })]]) {
    const large = entryOf(madePlan({ facts, units, policies: [purging] }));
    assert.deepEqual([large.action, large.purges], ['none', false]);
    assert.equal(reasonOf(large, 'no-index').isRefused, true);
  }
  const stored = entryOf(madePlan({ facts, units: [madeUnit({ state: 'EXPORTED' })], policies: [purging] }));
  assert.deepEqual([stored.action, stored.purges], ['verify', false]);
});

test('a snapshot is taken once a month, of the month it is taken in, and never purges', () => {
  const policies = [madePolicy({ mode: 'snapshot', timeColumn: undefined })];
  const first = entryOf(madePlan({ policies }), '2026-05');
  assert.deepEqual([first.action, first.purges, first.rows], ['export', false, null]);
  assert.equal(first.retainUntil?.toISOString(), '2036-06-01T00:00:00.000Z');
  const units = [
    madeUnit({ id: 8, mode: 'snapshot', month: '2026-05' }),
    madeUnit({ id: 6, mode: 'snapshot', month: '2026-04' }),
    madeUnit({ id: 5, mode: 'snapshot', month: '2026-03', state: 'EXPORTED' }),
    madeUnit({ id: 4, mode: 'monthly', month: '2026-02' }),
  ];
  const plan = madePlan({ policies, units });
  const actions = plan.entries.map(({ month, action, purges }) => [month, action, purges]);
  assert.deepEqual(actions, [
    ['2026-03', 'verify', false],
    ['2026-04', 'none', false],
    ['2026-05', 'none', false],
  ]);
});

test('nothing is ever purged by a policy that keeps, whatever state its months are in', () => {
  for (const state of ['PLANNED', 'EXPORTED', 'VERIFIED', 'PURGED', 'FAILED'] as const) {
    for (const rows of [0, 50, 100, 150]) {
      const facts = [madeFacts({ ...ledger, months: [{ month: '2026-01', rows }] })];
      const entry = entryOf(madePlan({ policies: [keeping], facts, units: [madeUnit({ state })] }));
      assert.equal(entry.purges, false);
      assert.notEqual(entry.action, 'purge');
    }
  }
});
