import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import type { KeyOrder } from '../source/key-order.ts';
import { type LineKey, lineKey } from '../source/line-key.ts';
import { deleteRange, type LinesStatement, selectRange } from '../source/range-statements.ts';
import type { TableDefinition } from '../source/table-definition.ts';

/** Between two bounds of the unit's key order; see RangeRequest. */
export interface RangeBounds {
  readonly after?: readonly string[] | undefined;
  readonly upTo?: readonly string[] | undefined;
}

/** How a unit's rows are asked for: in the order in which they were first exported, whatever the table is now. */
export interface UnitQuery {
  readonly key: LineKey;
  /** Of a line, in its order. */
  readonly columns: readonly string[];
  select(bounds: RangeBounds): LinesStatement;
  delete(bounds: RangeBounds & { readonly undoTable?: string | undefined }): LinesStatement;
}

/** @param definition as the table is now */
export function unitQuery(
  unit: Pick<UnitRecord, 'mode' | 'month' | 'timeColumn' | 'keyColumns'>,
  definition: TableDefinition,
): UnitQuery {
  const { timeColumn, keyColumns } = unit;
  const key: KeyOrder = { timeColumn, keyColumns };
  const range = { definition, key, month: unit.mode === 'monthly' ? unit.month : null };
  return {
    key: lineKey(definition, key),
    columns: definition.columns.map(({ name }) => name),
    select: (bounds) => selectRange({ ...range, ...bounds }),
    delete: (bounds) => deleteRange({ ...range, ...bounds }),
  };
}
