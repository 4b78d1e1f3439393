import type { NanoDollars } from '../cost/money.ts';
import type { Month } from '../month.ts';
import type { SchemaDifference } from './map-columns.ts';
import type { RestoreRequest } from './restore-request.ts';
import type { TargetTable } from './target-table.ts';

/** What a restore would do, what it would wait for and cost, and what stands in its way. */
export interface RestorePlan {
  readonly at: Date;
  readonly request: RestoreRequest;
  readonly tables: readonly RestoreTablePlan[];
  /** What would be read, by the class that it lies in. */
  readonly storage: readonly PlannedClass[];
  /** Until the last object can be read, at the latest. */
  readonly waitHours: number;
  readonly cost: NanoDollars;
  /** Nothing is restored as long as there are any. */
  readonly refusals: readonly string[];
}

export interface RestoreTablePlan {
  readonly from: TargetTable;
  readonly target: TargetTable;
  /** The target is made from the archived definition. */
  readonly isNew: boolean;
  readonly parts: readonly PlannedPart[];
  readonly differences: readonly SchemaDifference[];
  /** For people: what could not be made as it was, triggers that will fire, rows that are there already. */
  readonly notes: readonly string[];
}

export interface PlannedPart {
  readonly partId: number;
  readonly month: Month;
  readonly ordinal: number;
  readonly rows: number;
  readonly bytes: number;
  readonly storageClass: string;
  /** Has to be asked for before it can be read. */
  readonly isCold: boolean;
  /** The class is what the registry has on record: the bucket did not say. */
  readonly isAssumed: boolean;
  /** It was restored to the same target before. */
  readonly isThere: boolean;
}

export interface PlannedClass {
  readonly storageClass: string;
  readonly isCold: boolean;
  readonly objects: number;
  readonly bytes: number;
  readonly waitHours: number;
  readonly cost: NanoDollars;
}
