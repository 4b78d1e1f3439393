import { dueAt, type Month, monthOf } from '../month.ts';
import type { SourceTable } from '../policy/assign-tables.ts';
import type { Policy } from '../policy/policy.ts';
import type { PlanEntry, PlanFilter } from './plan.ts';
import { maxUnindexedBytes, planMonth } from './plan-month.ts';
import type { Reason } from './reason.ts';
import type { TableFacts } from './table-facts.ts';
import type { HoldFacts, UnitFacts } from './unit-facts.ts';

export interface TableQuestion {
  readonly now: Date;
  readonly policy: Policy;
  readonly facts: TableFacts;
  /** Of this table. */
  readonly units: readonly UnitFacts[];
  readonly holds: readonly HoldFacts[];
  readonly filter: PlanFilter;
}

/** One entry a month, oldest first; before them, if there is something to say, one of the table as a whole. */
export function planTable(question: TableQuestion): readonly PlanEntry[] {
  const { now, policy, facts, holds, filter } = question;
  const isMonthly = policy.mode === 'monthly';
  if (isMonthly && !facts.hasTimeColumn) {
    return [tableEntry(facts, policy, [{ code: 'no-time-column', column: policy.timeColumn ?? '' }])];
  }
  const units = question.units.filter(({ mode }) => mode === policy.mode);
  const former = isMonthly ? formerTimeColumn(question) : undefined;
  if (former !== undefined) {
    return [tableEntry(facts, policy, [{ code: 'time-column-changed', from: former, to: policy.timeColumn ?? '' }])];
  }
  const unitOf = new Map(units.map((unit) => [unit.month, unit]));
  const rowsOf = new Map(facts.months.map(({ month, rows }) => [month, rows]));
  const lastDefinitionSha256 = units.toSorted((a, b) => compare(a.month, b.month)).at(-1)?.definitionSha256;
  const retryNow = filter.retryNow ?? false;
  const newest = isMonthly ? facts.newestMonth : monthOf(now);
  const months = new Set([
    ...(isMonthly ? rowsOf.keys() : []),
    ...(newest === undefined ? [] : [newest]),
    ...unitOf.keys(),
  ]);
  const entries = [...months]
    .filter((month) => isWanted(month, filter))
    .toSorted(compare)
    .map((month) => {
      // Nobody needs to have counted the rows of a month that is not due.
      const none = isMonthly && dueAt(month, policy.hotDays) <= now ? 0 : null;
      const rows = rowsOf.get(month) ?? none;
      return planMonth({
        now,
        policy,
        facts,
        month,
        rows,
        unit: unitOf.get(month),
        lastDefinitionSha256,
        holds,
        retryNow,
      });
    });
  const notes =
    entries.length === 0 ? [{ code: 'nothing-there' } as const, ...tableNotes(question)] : tableNotes(question);
  return notes.length === 0 ? entries : [tableEntry(facts, policy, notes), ...entries];
}

/** What is said of a table as a whole. */
export function tableEntry(
  { source, schema, table }: SourceTable,
  policy: Policy,
  reasons: readonly Reason[],
): PlanEntry {
  const { name, mode } = policy;
  const nothing = { month: null, action: 'none', purges: false, rows: null, tableBytes: null } as const;
  return { source, schema, table, policy: name, mode, ...nothing, unitId: null, retainUntil: null, reasons };
}

/**
 * The column by which rows were archived that are still in the table, where the policy names another by now: a row may lie
 * in another month by that one, and would be archived again. One that was only renamed is not there any more.
 */
function formerTimeColumn({ policy, facts, units }: TableQuestion): string | undefined {
  const kept = units.find(
    ({ mode, state, timeColumn }) =>
      mode === 'monthly' &&
      state !== 'PURGED' &&
      timeColumn !== null &&
      timeColumn !== policy.timeColumn &&
      facts.columns.includes(timeColumn),
  );
  return kept?.timeColumn ?? undefined;
}

function tableNotes({ policy, facts }: TableQuestion): readonly Reason[] {
  const { nullTimeRows, infiniteTimeRows, sizeBytes } = facts;
  const notes: Reason[] = [];
  if (!facts.hasPrimaryKey && policy.primaryKey === undefined) notes.push({ code: 'no-primary-key' });
  if (policy.timeColumn === undefined) return notes;
  if (!facts.hasTimeIndex) {
    notes.push({ code: 'no-index', column: policy.timeColumn, sizeBytes, isRefused: sizeBytes > maxUnindexedBytes });
  }
  if (nullTimeRows + infiniteTimeRows > 0) notes.push({ code: 'rows-without-month', nullTimeRows, infiniteTimeRows });
  return notes;
}

function isWanted(month: Month, { from, to }: PlanFilter): boolean {
  return (from === undefined || from <= month) && (to === undefined || month <= to);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
