import type { ErrorCode } from '../../errors.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';

/**
 * What is to be done about a part. `lock-again`: its bytes are right. `take-version`: another version of its object has the
 * bytes on record. `archive-anew`: from the table's rows, where these are the ones that were archived; `ask`: where they are
 * not, only if told so. `impossible`: `advice` says why, and what a person can do. `unchecked`: it could not be looked at.
 */
export type Remedy =
  | { readonly kind: 'none' }
  | { readonly kind: 'unchecked'; readonly text: string }
  | { readonly kind: 'lock-again' }
  | { readonly kind: 'take-version'; readonly versionId: string }
  | { readonly kind: 'archive-anew'; readonly rows: number }
  | { readonly kind: 'ask'; readonly rows: number }
  | { readonly kind: 'impossible'; readonly advice: readonly string[] };

export interface RepairEntry {
  readonly partId: number;
  /** Number in its unit. */
  readonly part: number;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly rows: number;
  /** What is wrong with it; null: nothing that was found. */
  readonly fault: { readonly code: ErrorCode; readonly text: string } | null;
  readonly remedy: Remedy;
}

/** What a repair of a unit would do now. Nothing of it is purged meanwhile, and no object is changed but its lock. */
export interface RepairPlan extends Pick<UnitRecord, 'source' | 'schema' | 'table' | 'month' | 'mode' | 'state'> {
  readonly unitId: number;
  /** Every part that is in the bucket, or should be, in the order of their numbers. */
  readonly entries: readonly RepairEntry[];
}

/** Whether a repair does something about the part. */
export function isDone({ remedy }: RepairEntry, takesChangedRows: boolean): boolean {
  switch (remedy.kind) {
    case 'lock-again':
    case 'take-version':
    case 'archive-anew':
      return true;
    case 'ask':
      return takesChangedRows;
    case 'none':
    case 'unchecked':
    case 'impossible':
      return false;
  }
}
