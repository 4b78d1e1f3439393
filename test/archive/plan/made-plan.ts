import { retainUntil } from '../../../src/archive/month.ts';
import type { ArchivePlan, PlanEntry } from '../../../src/archive/plan/plan.ts';
import { type PlanQuestion, planArchive } from '../../../src/archive/plan/plan-archive.ts';
import type { Reason, ReasonCode } from '../../../src/archive/plan/reason.ts';
import type { TableFacts } from '../../../src/archive/plan/table-facts.ts';
import type { HoldFacts, UnitFacts } from '../../../src/archive/plan/unit-facts.ts';
import { madePolicy } from '../policy/made-policy.ts';

/** With 90 hot days, the newest month that is due is 2026-01. */
export const now = new Date('2026-05-15T12:00:00Z');

export const ledger = { source: 'main', schema: 'public', table: 'credit_ledger' } as const;

export function madeFacts(fields: Partial<TableFacts> = {}): TableFacts {
  return {
    ...ledger,
    definitionSha256: 'a'.repeat(64),
    columns: ['id', 'amount', 'created_at'],
    hasTimeColumn: true,
    hasTimeIndex: true,
    hasPrimaryKey: true,
    sizeBytes: 1_000_000,
    months: [{ month: '2026-01', rows: 100 }],
    nullTimeRows: 0,
    infiniteTimeRows: 0,
    ...fields,
  };
}

/** A unit of 2026-01 whose 100 rows are proved. */
export function madeUnit(fields: Partial<UnitFacts> = {}): UnitFacts {
  return {
    ...ledger,
    id: 7,
    month: '2026-01',
    mode: 'monthly',
    state: 'VERIFIED',
    definitionSha256: 'a'.repeat(64),
    timeColumn: 'created_at',
    rows: 100,
    departed: 0,
    purged: 0,
    isPurgeUnsettled: false,
    retainUntil: retainUntil('2026-01', 10),
    keepUntil: null,
    undoUntil: null,
    copyAskedAt: null,
    attempts: 0,
    failedAt: null,
    error: null,
    ...fields,
  };
}

export function madeHold(fields: Partial<HoldFacts> = {}): HoldFacts {
  const hold = {
    id: 3,
    source: 'main',
    table: null,
    from: null,
    to: null,
    reason: 'case 12',
    until: null,
    releasedAt: null,
  };
  return { ...hold, ...fields };
}

export const keeping = madePolicy();
export const purging = madePolicy({ purge: true });

/** A plan of one table under one policy that keeps rows, unless something else is given. */
export function madePlan(question: Partial<PlanQuestion> = {}): ArchivePlan {
  const facts = question.facts ?? [madeFacts()];
  return planArchive({
    now,
    policies: [keeping],
    deny: [],
    tables: facts,
    facts,
    units: [],
    holds: [],
    filter: {},
    ...question,
  });
}

/** The entry of this month, which must be there. */
export function entryOf(plan: ArchivePlan, month: string | null = '2026-01'): PlanEntry {
  const found = plan.entries.find((entry) => entry.month === month);
  if (found === undefined) throw new Error(`no entry of ${month}: ${JSON.stringify(plan.entries)}`);
  return found;
}

export function codes({ reasons }: PlanEntry): readonly ReasonCode[] {
  return reasons.map(({ code }) => code);
}

export function reasonOf<Code extends ReasonCode>({ reasons }: PlanEntry, code: Code): Extract<Reason, { code: Code }> {
  const found = reasons.find((reason): reason is Extract<Reason, { code: Code }> => reason.code === code);
  if (found === undefined) throw new Error(`no reason ${code}: ${JSON.stringify(reasons)}`);
  return found;
}
