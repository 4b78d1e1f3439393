import { advanceRestore, type RestoreProgress } from '../../../src/archive/restore/advance-restore.ts';
import { planRestore } from '../../../src/archive/restore/plan-restore.ts';
import type { PartDetail } from '../../../src/archive/restore/restore-part.ts';
import type { RestorePlan } from '../../../src/archive/restore/restore-plan.ts';
import { parseRestoreRequest } from '../../../src/archive/restore/restore-request.ts';
import { startRestore } from '../../../src/archive/restore/start-restore.ts';
import { findRestore, type RestoreRecord } from '../../../src/registry/archive/restore.ts';
import type { ArchiveScene } from '../../support/archive-scene.ts';

export interface Restored {
  readonly plan: RestorePlan;
  readonly progress: RestoreProgress;
  readonly restore: RestoreRecord;
}

/** Plans, starts and advances a restore once. */
export async function restore(
  { context }: ArchiveScene,
  request: Readonly<Record<string, unknown>> = {},
): Promise<Restored> {
  const plan = await planRestore(context, parseRestoreRequest({ source: 'ledger', ...request }));
  const { id } = await startRestore(context, { plan, actor: 'test' });
  const progress = await advanceRestore(context, { restoreId: id, signal: new AbortController().signal });
  return { plan, progress, restore: await findRestore(context.registry, id) };
}

/** Of its only part. */
export function detailOf({ restore: { parts } }: Restored): PartDetail {
  return parts[0]?.detail as unknown as PartDetail;
}

/** What became of it, or why it did not: for a failed assertion to say. */
export function said({ progress }: Restored): string {
  return progress.kind === 'failed'
    ? `${progress.failure.code} ${progress.failure.message}`
    : progress.kind === 'waiting'
      ? `waiting: ${progress.why}`
      : progress.kind;
}
