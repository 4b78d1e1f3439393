import type { Month } from '../month.ts';
import type { SourceTable } from '../policy/assign-tables.ts';
import type { PolicyMode } from '../policy/policy.ts';
import type { Reason } from './reason.ts';

/**
 * The first thing that a run does: `export` a month that has no unit yet, `resume` one from where it is, `verify` what
 * is stored, `further-part` for rows that came late, `purge` what is proved, or `none`.
 */
export type PlanAction = 'export' | 'resume' | 'verify' | 'further-part' | 'purge' | 'none';

export interface PlanEntry extends SourceTable {
  readonly policy: string;
  readonly mode: PolicyMode;
  /** Null: said of the table as a whole, with action `none`. */
  readonly month: Month | null;
  readonly action: PlanAction;
  /** Whether the run deletes the month's rows, once they are proved. */
  readonly purges: boolean;
  /** In the table, of this month; null where nobody counted (a snapshot). */
  readonly rows: number | null;
  /** Of the whole table with its indexes; null in what is said of the table as a whole. */
  readonly tableBytes: number | null;
  readonly unitId: number | null;
  /** Of the unit, or what it will be. */
  readonly retainUntil: Date | null;
  /** At least one; the deciding one first. */
  readonly reasons: readonly Reason[];
}

export const planFindingCodes = [
  'no-policies',
  'no-enabled-policies',
  'policy-refused',
  'pattern-unmatched',
  'filter-unmatched',
  'unit-without-policy',
] as const;

/** What is odd about the plan itself. */
export interface PlanFinding {
  readonly code: (typeof planFindingCodes)[number];
  readonly message: string;
}

export interface ArchivePlan {
  readonly at: Date;
  /** By source, table and month; what is said of a table as a whole comes first. */
  readonly entries: readonly PlanEntry[];
  readonly findings: readonly PlanFinding[];
}

export interface PlanFilter {
  readonly sources?: readonly string[] | undefined;
  /** Names of policies. */
  readonly policies?: readonly string[] | undefined;
  /** Patterns, as in a policy. */
  readonly tables?: readonly string[] | undefined;
  /** First and last month. */
  readonly from?: Month | undefined;
  readonly to?: Month | undefined;
  /** What failed before is tried again at once. */
  readonly retryNow?: boolean | undefined;
}

/** A period of a source with something to do: what one run works off, oldest first. */
export interface PeriodWork {
  readonly source: string;
  readonly month: Month;
  readonly entries: readonly PlanEntry[];
}

/** The plan's work, source by source, period by period ascending. */
export function planWork({ entries }: ArchivePlan): readonly PeriodWork[] {
  const busy = entries.filter(({ action, month }) => action !== 'none' && month !== null);
  return [...Map.groupBy(busy, ({ source, month }) => `${source} ${month}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, grouped]) => {
      const [first] = grouped;
      return first?.month == null ? [] : [{ source: first.source, month: first.month, entries: grouped }];
    });
}
