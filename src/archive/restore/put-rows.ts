import type pg from 'pg';
import { AppError } from '../../errors.ts';
import type { TableDefinition } from '../source/table-definition.ts';
import { copyRows, isCopyable } from './copy-rows.ts';
import { insertStaged } from './insert-staged.ts';
import { listInsertTriggers } from './insert-triggers.ts';
import type { ColumnMapping } from './map-columns.ts';
import { requireLossless } from './require-lossless.ts';
import { requireUnchanged } from './require-unchanged.ts';
import type { PartJob } from './restore-part.ts';
import { stageLaterKeys } from './stage-later-keys.ts';
import { stageRows } from './stage-rows.ts';

export interface PutRows {
  readonly job: Pick<PartJob, 'request' | 'laterParts' | 'unit' | 'store' | 'signal'>;
  readonly archived: TableDefinition;
  readonly target: TableDefinition;
  readonly mapping: ColumnMapping;
  readonly keyColumns: readonly string[];
  /** Canonical lines of the archived table, without the departed ones. */
  readonly lines: AsyncIterable<Uint8Array>;
}

export interface PutOutcome {
  readonly rows: number;
  readonly superseded: number;
  readonly skipped: number;
}

/** The rows into the target: by COPY where nothing stands in the way, else by a staging table and one insert from it. */
export async function putRows(client: pg.PoolClient, put: PutRows): Promise<PutOutcome> {
  const { job, archived, target, mapping, keyColumns, lines } = put;
  const { conflict } = job.request;
  const { signal } = job;
  const triggers = await listInsertTriggers(client, target);
  const isPlain = conflict === 'fail' && triggers.length === 0 && job.laterParts.length === 0;
  if (isPlain && isCopyable(mapping)) {
    const rows = await copyRows(client, { target, archived, lines, signal });
    return { rows, superseded: 0, skipped: 0 };
  }
  const staged = await stageRows(client, { columns: mapping.columns, lines, signal });
  await requireLossless(client, mapping.columns);
  const { condition, superseded } = await stageLaterKeys(client, put);
  const rows = await insertStaged(client, { target, mapping, keyColumns, conflict, condition });
  const skipped = staged - superseded - rows;
  if (skipped !== 0 && conflict !== 'skip') {
    throw new AppError(
      'RESTORE_CONFLICT',
      `${target.schema}.${target.table} took ${rows} of ${staged - superseded} rows: a trigger or a rule keeps others out (${triggers.join(', ')}); disable it for the restore`,
    );
  }
  if (triggers.length > 0 && conflict !== 'skip') {
    await requireUnchanged(client, { target, mapping, keyColumns, condition, triggers });
  }
  return { rows, superseded, skipped };
}
