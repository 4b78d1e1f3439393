import type { SourceTable } from '../policy/assign-tables.ts';
import type { PolicyMode } from '../policy/policy.ts';

export type PlannedUnitState = 'PLANNED' | 'EXPORTED' | 'VERIFIED' | 'PURGED' | 'FAILED';

/** What a plan has to know of a unit, as the registry says it. */
export interface UnitFacts extends SourceTable {
  readonly id: number;
  /** `2026-01`. */
  readonly month: string;
  readonly mode: PolicyMode;
  readonly state: PlannedUnitState;
  readonly definitionSha256: string;
  /** By which its rows were told to be of the month; null: a snapshot. */
  readonly timeColumn: string | null;
  /** In all its parts. */
  readonly rows: number;
  /** Of these, found to be no longer in the table. */
  readonly departed: number;
  /** Of these, deleted by a purge, put back by a restore or not. */
  readonly purged: number;
  /** A purge was begun, and it is not on record yet what became of it. */
  readonly isPurgeUnsettled: boolean;
  readonly retainUntil: Date;
  /** Set while rows that a restore put back are to stay. */
  readonly keepUntil: Date | null;
  /** Until when purged rows wait in their side table. */
  readonly undoUntil: Date | null;
  /** When readable copies of parts in a cold class were asked for, which it waits for. */
  readonly copyAskedAt: Date | null;
  /** Since the last success. */
  readonly attempts: number;
  readonly failedAt: Date | null;
  /** Code and text. */
  readonly error: string | null;
}

/** As in src/registry/archive/hold.ts: null is open on that side, or every table. */
export interface HoldFacts {
  readonly id: number;
  readonly source: string;
  /** `schema.table`. */
  readonly table: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string;
  readonly until: Date | null;
  readonly releasedAt: Date | null;
}
