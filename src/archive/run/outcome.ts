import type { ErrorCode } from '../../errors.ts';
import type { PlanEntry } from '../plan/plan.ts';

/** What became of one entry of a plan. `waiting`: for the bucket, a lock, a hold; nothing is wrong with it. */
export type OutcomeKind = 'verified' | 'purged' | 'rows-changed' | 'waiting' | 'failed';

export interface TableOutcome {
  readonly entry: PlanEntry;
  readonly unitId: number | undefined;
  readonly kind: OutcomeKind;
  /** Of the unit, in all its parts. */
  readonly rows: number;
  readonly parts: number;
  readonly purgedRows?: number;
  readonly failure?: { readonly code: ErrorCode; readonly text: string; readonly isTransient: boolean };
}

/** For the record of a run. */
export interface RunCounts {
  readonly planned: number;
  readonly verified: number;
  readonly purged: number;
  readonly purgedRows: number;
  readonly waiting: number;
  readonly failed: number;
}

export function countOutcomes(planned: number, outcomes: readonly TableOutcome[]): RunCounts {
  const ofKind = (...kinds: readonly OutcomeKind[]) => outcomes.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    planned,
    verified: ofKind('verified', 'purged', 'rows-changed'),
    purged: ofKind('purged'),
    purgedRows: outcomes.reduce((sum, { purgedRows = 0 }) => sum + purgedRows, 0),
    waiting: ofKind('waiting', 'rows-changed'),
    failed: ofKind('failed'),
  };
}
