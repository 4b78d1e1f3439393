import type pg from 'pg';
import type { ArchiveStore } from '../../aws/archive-store.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import { step } from '../../steps.ts';
import { inSourceTransaction } from '../source/source-transaction.ts';
import { readDefinition } from '../source/table-definition.ts';
import { type AdvancedSequence, advanceSequences } from './advance-sequences.ts';
import { conflictKey } from './conflict-key.ts';
import { DepartedFilter } from './departed-filter.ts';
import { mapColumns, type SchemaDifference } from './map-columns.ts';
import { preparePartition } from './prepare-partition.ts';
import { openProvedPart, type ProvedPart } from './proved-part.ts';
import { type PutRows, putRows } from './put-rows.ts';
import { requireAbsent } from './require-absent.ts';
import { requireMappable } from './require-mappable.ts';
import type { RestoreRequest } from './restore-request.ts';
import { recordOf, recordsOfOthers } from './standing-for.ts';
import type { TargetTable } from './target-table.ts';
import { toRestoreError } from './to-restore-error.ts';
import { type RestoredPart, readWatermark, writeWatermark } from './watermark.ts';

export interface PartJob {
  /** Names the restore in the target's record. */
  readonly restore: string;
  readonly request: Pick<RestoreRequest, 'conflict' | 'droppedColumns' | 'again' | 'withDeparted'>;
  readonly unit: WholeUnit;
  readonly part: PartRecord;
  /** Of the unit, and with newer values of the same rows: readable, and in the target or on their way there. */
  readonly laterParts: readonly PartRecord[];
  readonly target: TargetTable;
  /** Of the target's database. */
  readonly pool: pg.Pool;
  readonly store: ArchiveStore;
  /** Committed purges of the unit: newest id, and by range the newest one's id and round. */
  readonly purges: UnitPurges;
  readonly signal: AbortSignal;
}

export interface UnitPurges {
  /** 0: there was none. */
  readonly newest: number;
  readonly byRange: ReadonlyMap<number, { readonly id: number; readonly round: number }>;
}

/** How long a restore waits for a table that somebody else holds, before it lets them pass and tries again later. */
const lockTimeoutSeconds = 30;

/** `there`: it was restored before, and has not been purged since. */
export type PartOutcome =
  | { readonly kind: 'restored'; readonly rows: number; readonly detail: PartDetail }
  | { readonly kind: 'there'; readonly rows: number; readonly byThisRestore: boolean; readonly lastDeletion: number };

/** For the record of the restore. */
export interface PartDetail {
  /** Archived rows that had departed from their table. */
  readonly departed: number;
  /** Archived rows that a later part has newer values of. */
  readonly superseded: number;
  /** Rows that were in the target already, by their key. */
  readonly skipped: number;
  readonly differences: readonly Pick<SchemaDifference, 'kind' | 'column' | 'text'>[];
  readonly sequences: readonly AdvancedSequence[];
  readonly partition: string | null;
}

/**
 * Restores one part in one transaction of the target's database: its rows, and the record that they are there. The part is
 * proved while it is read; unless its last byte is what was archived, nothing of it is ever visible.
 * @throws AppError PROOF_FAILED, RESTORE_CONFLICT, SCHEMA_DRIFTED, FILE_COLD, or transient
 */
export async function restorePart(job: PartJob): Promise<PartOutcome> {
  const { unit, part, pool } = job;
  await using proved = await openProvedPart(job);
  try {
    const outcome = await inSourceTransaction(pool, async (client) => {
      await client.query(`set local lock_timeout = '${lockTimeoutSeconds}s'`);
      const restored = await readWatermark(client, job.target);
      const before = recordOf(restored, unit, part);
      if (before !== undefined && isThere(job, before)) {
        const { rows, lastDeletion } = before;
        return { kind: 'there', rows, lastDeletion, byThisRestore: before.restore === job.restore } as const;
      }
      const done = await putPart(client, { job, proved, restored });
      step('restore.before-commit', unit.id);
      return done;
    });
    step('restore.committed', unit.id);
    return outcome;
  } catch (error) {
    throw toRestoreError(error, job);
  }
}

/** Whether a record in the target counts: rows that were purged since are not there any more. */
export function isThere(
  { purges, request, restore }: Pick<PartJob, 'purges' | 'request' | 'restore'>,
  before: RestoredPart,
): boolean {
  if (before.restore === restore) return true;
  return !request.again && before.lastDeletion >= purges.newest;
}

interface PutPart {
  readonly job: PartJob;
  readonly proved: ProvedPart;
  readonly restored: readonly RestoredPart[];
}

async function putPart(
  client: pg.PoolClient,
  { job, proved, restored }: PutPart,
): Promise<Extract<PartOutcome, { readonly kind: 'restored' }>> {
  const { unit, part, request, purges } = job;
  const archived = proved.definition;
  const partition = await preparePartition(client, {
    archived,
    target: await readDefinition(client, job.target),
    unit,
  });
  const target = await readDefinition(client, job.target);
  const mapping = mapColumns(archived, target, request.droppedColumns);
  requireMappable(job.target, mapping);
  const keyColumns = conflictKey(target, unit);
  const others = recordsOfOthers(restored, unit, part);
  if (keyColumns.length === 0) await requireAbsent(client, { job, target, restored });
  const departed = new DepartedFilter(
    part,
    request.withDeparted ? [] : unit.departed,
    others.flatMap(({ leftOut }) => leftOut),
  );
  const put: PutRows = { job, archived, target, mapping, keyColumns, lines: departed.filter(proved.lines()) };
  const { rows, superseded, skipped } = await putRows(client, put);
  const sequences = await advanceSequences(client, target);
  await writeWatermark(client, job.target, {
    partSha256: part.sha256,
    restore: job.restore,
    rows,
    leftOut: departed.leftOut,
    lastDeletion: purges.newest,
  });
  const differences = mapping.differences.map(({ kind, column, text }) => ({ kind, column, text }));
  const detail = {
    departed: departed.leftOutRows,
    superseded,
    skipped,
    differences,
    sequences,
    partition: partition ?? null,
  };
  return { kind: 'restored', rows, detail };
}
