import { assignTables, type PolicyTables, type SourceTable, tableKey } from '../policy/assign-tables.ts';
import type { Policy } from '../policy/policy.ts';
import { matchesTable, tableText } from '../policy/table-pattern.ts';
import type { ArchivePlan, PlanEntry, PlanFilter, PlanFinding } from './plan.ts';
import { planTable, tableEntry } from './plan-table.ts';
import type { TableFacts, UnreadableTable } from './table-facts.ts';
import type { HoldFacts, UnitFacts } from './unit-facts.ts';

export interface PlanQuestion {
  readonly now: Date;
  readonly policies: readonly Policy[];
  /** Configured deny patterns; those of deny-list.ts count always. */
  readonly deny: readonly string[];
  /** Every table of the sources that the filter selects, whether a policy reaches it or not. */
  readonly tables: readonly SourceTable[];
  /** Of those that assignTables() gives to a policy, none of a refused one needed. */
  readonly facts: readonly TableFacts[];
  readonly unreadable?: readonly UnreadableTable[] | undefined;
  readonly units: readonly UnitFacts[];
  readonly holds: readonly HoldFacts[];
  /** Sources that are read-only replicas. */
  readonly replicas?: readonly string[] | undefined;
  readonly filter: PlanFilter;
}

/**
 * What an archive run would do now, and why: the same question has the same plan. Nothing is done, and nothing read, but
 * what is given. A plan in which nothing is to be done has reasons or findings that say why.
 */
export function planArchive(question: PlanQuestion): ArchivePlan {
  const { now, policies, deny, tables, replicas, filter } = question;
  const assigned = assignTables({ policies, deny, tables, replicas }).filter(({ policy }) => isWanted(policy, filter));
  const factsOf = new Map(question.facts.map((facts) => [tableKey(facts), facts]));
  const unreadable = new Map(question.unreadable?.map((table) => [tableKey(table), table]));
  const unitsOf = Map.groupBy(question.units, tableKey);
  const entries = assigned
    .flatMap((entry) => [
      ...refusedEntries(entry, filter),
      ...(entry.refusal === undefined ? entry.tables : []).filter(isWantedTable(filter)).flatMap((table) => {
        const facts = factsOf.get(tableKey(table));
        const obstacle = unreadable.get(tableKey(table));
        if (obstacle !== undefined) return [unreadableEntry(obstacle, entry.policy)];
        if (facts === undefined) return [tableEntry(table, entry.policy, [{ code: 'nothing-there' }])];
        const units = unitsOf.get(tableKey(table)) ?? [];
        return planTable({ now, policy: entry.policy, facts, units, holds: question.holds, filter });
      }),
    ])
    .toSorted(inOrder);
  return { at: now, entries, findings: findingsOf(question, assigned, entries) };
}

function unreadableEntry({ error, message, ...table }: UnreadableTable, policy: Policy): PlanEntry {
  return tableEntry(table, policy, [{ code: 'unreadable', error, message }]);
}

/** A policy that is refused does nothing; each of its tables says why. */
function refusedEntries({ policy, tables, denied, refusal }: PolicyTables, filter: PlanFilter): readonly PlanEntry[] {
  if (refusal === undefined) return [];
  const { source } = policy;
  return [
    ...denied
      .map(({ deniedBy, ...name }) => ({ source, ...name, deniedBy }))
      .filter(isWantedTable(filter))
      .map(({ deniedBy, ...table }) => tableEntry(table, policy, [{ code: 'denied', deniedBy }])),
    ...tables
      .filter(isWantedTable(filter))
      .map((table) => tableEntry(table, policy, [{ code: 'policy-refused', message: refusal.message }])),
  ];
}

function findingsOf(
  { policies, units, filter }: PlanQuestion,
  assigned: readonly PolicyTables[],
  entries: readonly PlanEntry[],
): readonly PlanFinding[] {
  if (policies.length === 0) return [{ code: 'no-policies', message: 'there are no policies: nothing is archived' }];
  if (!policies.some(({ enabled }) => enabled)) {
    return [{ code: 'no-enabled-policies', message: 'none of the policies is enabled: nothing is archived' }];
  }
  const findings: PlanFinding[] = [];
  for (const { policy, refusal, unmatched } of assigned) {
    if (refusal !== undefined)
      findings.push({ code: 'policy-refused', message: `${refusal.message}; nothing of it is done` });
    for (const pattern of unmatched) {
      const message = `policy ${policy.name}: no table of ${policy.source} matches "${pattern}"`;
      findings.push({ code: 'pattern-unmatched', message });
    }
  }
  if (entries.length === 0 && isNarrow(filter)) {
    findings.push({ code: 'filter-unmatched', message: 'no table of a policy is what was asked for: nothing is done' });
  }
  return [...findings, ...strandedUnits(units, assigned, filter)];
}

/** Units that were begun and that no policy will finish. */
function strandedUnits(
  units: readonly UnitFacts[],
  assigned: readonly PolicyTables[],
  filter: PlanFilter,
): readonly PlanFinding[] {
  if (filter.policies !== undefined) return [];
  const reached = new Set(
    assigned.flatMap(({ policy, tables }) => tables.map((table) => reachKey(table, policy.mode))),
  );
  return units
    .filter(({ state }) => state === 'PLANNED' || state === 'EXPORTED' || state === 'FAILED')
    .filter(
      (unit) => !reached.has(reachKey(unit, unit.mode)) && isWantedSource(unit, filter) && isWantedTable(filter)(unit),
    )
    .map((unit) => ({
      code: 'unit-without-policy',
      message: `${unit.source}/${tableText(unit)} ${unit.month} is ${unit.state}, and no policy reaches the table any more: it stays as it is`,
    }));
}

function reachKey(table: SourceTable, mode: string): string {
  return `${mode} ${tableKey(table)}`;
}

function isWanted(policy: Policy, filter: PlanFilter): boolean {
  return isWantedSource(policy, filter) && (filter.policies?.includes(policy.name) ?? true);
}

function isWantedSource({ source }: { readonly source: string }, { sources }: PlanFilter): boolean {
  return sources?.includes(source) ?? true;
}

function isWantedTable({ tables }: PlanFilter): (table: SourceTable) => boolean {
  return (table) => tables?.some((pattern) => matchesTable(pattern, table)) ?? true;
}

function isNarrow({ sources, policies, tables, from, to }: PlanFilter): boolean {
  return [sources, policies, tables, from, to].some((wanted) => wanted !== undefined);
}

function inOrder(a: PlanEntry, b: PlanEntry): number {
  return compare(a.source, b.source) || compare(tableText(a), tableText(b)) || compare(a.month ?? '', b.month ?? '');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
