import { listOpenRestores } from '../../registry/archive/restore.ts';
import type { ArchiveContext } from '../context.ts';
import { advanceRestore, type RestoreProgress } from './advance-restore.ts';

/**
 * What the job does: every restore that is not at its end, as far as it gets now. One that fails stops no other.
 * @returns by restore
 */
export async function pollRestores(
  context: ArchiveContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, RestoreProgress>> {
  const progress = new Map<number, RestoreProgress>();
  for (const restoreId of await listOpenRestores(context.registry)) {
    if (signal.aborted) break;
    progress.set(restoreId, await advanceRestore(context, { restoreId, signal }));
  }
  return progress;
}
