import { AppError } from '../../errors.ts';
import { findUnit } from '../../registry/archive/find-unit.ts';
import type { Fault } from '../../registry/archive/replacement.ts';
import type { WholeUnit } from '../../registry/archive/unit-record.ts';
import { step } from '../../steps.ts';
import type { ArchiveContext } from '../context.ts';
import { LateRows } from '../export/late-rows.ts';
import type { UnitJob } from '../export/unit-job.ts';
import { readRemainingRows } from './remaining-rows.ts';

export interface ExportAnewRequest {
  readonly partId: number;
  /** The version that is faulty; null: there is none. */
  readonly versionId: string | null;
  readonly fault: Fault;
  /** Other parts of the unit that cannot be read. */
  readonly unreadable: ReadonlySet<number>;
  /** Whether other rows than those archived are taken as well. */
  readonly takesChangedRows: boolean;
}

/**
 * Archives the rows of a faulty part anew, as a further part of its unit, whose round is under way. In the transaction that
 * records the new part before its upload, the faulty one ceases to count; up to then nothing has changed.
 * @throws AppError ROWS_CHANGED when the table's rows are not those archived, and may not be others; as the source and the bucket
 */
export async function exportAnew(context: ArchiveContext, job: UnitJob, request: ExportAnewRequest): Promise<void> {
  const { registry } = context;
  const { partId, versionId, fault, unreadable, takesChangedRows } = request;
  const unit = await findUnit(registry, job.unitId);
  const part = unit.parts.find(({ id }) => id === partId);
  if (part === undefined) throw new AppError('ILLEGAL_STATE', `unit ${unit.id} has no part ${partId} that counts`);
  const readable = unit.parts.filter(({ id }) => id !== partId && !unreadable.has(id));
  // The same rows are one part again, whatever the policy says of sizes now.
  const { partRows, partBytes } = job.policy;
  const limits = { partRows: Math.max(partRows, part.rows + 1), partBytes: Math.max(partBytes, 2 * part.textBytes) };
  const roomy = { ...job, policy: { ...job.policy, ...limits } };
  let late: LateRows | undefined;
  let taken = 0;
  try {
    const found = await readRemainingRows({ registry, job, unit: { ...unit, parts: readable }, part }, (definition) => {
      const rows = new LateRows({ context, job: roomy, unit, definition });
      late = rows;
      return {
        async add(ordinal, lines) {
          taken += lines.length;
          if (!takesChangedRows && taken > part.rows) throw changed(unit, part, taken);
          await rows.add(ordinal, lines);
        },
        endRange: (ordinal) => rows.endRange(ordinal, []),
      };
    });
    const { isSame, takenBack } = found;
    if (!isSame && !takesChangedRows) throw changed(unit, part, found.rows);
    step('repair.before-intent', unit.id);
    const { id: unitId, round } = unit;
    await late?.end({ partId, versionId, unitId, round, isSame, fault, takenBack, actor: job.actor });
    step('repair.replaced', unit.id);
  } finally {
    await late?.[Symbol.asyncDispose]();
  }
}

function changed(
  { schema, table, month }: WholeUnit,
  part: { readonly ordinal: number; readonly rows: number },
  rows: number,
): AppError {
  return new AppError(
    'ROWS_CHANGED',
    `${schema}.${table} ${month}: the ${rows} or more rows in the ranges of part ${part.ordinal} are not the ${part.rows} that it was made of: nothing stands for it`,
  );
}
