import { AppError } from '../../errors.ts';
import { countFailed, listWaiting, type WaitingFile } from '../../registry/file/list-waiting.ts';
import type { IngestContext } from '../context.ts';
import type { LoadProgress } from '../load/load-claimed.ts';
import { publishComplete } from '../publish/publish-complete.ts';
import type { Processed } from './process-file.ts';
import { reconcile } from './reconcile.ts';
import { runWorkers } from './run-workers.ts';
import { waitFor } from './wait-for.ts';

export interface FinishOptions {
  readonly exportId: number;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** How long files that others hold, or that are to be tried again later, are waited for. */
  readonly timeoutSeconds: number;
  /** The files to do, once at the beginning. */
  readonly onBegin?: ((files: readonly WaitingFile[]) => void) | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  readonly onProcessed?: ((fileId: number, outcome: Processed) => void) | undefined;
}

export interface FinishedExport {
  /** Of those that waited at the beginning, how many are in now. */
  readonly ingested: number;
  /** All FAILED files of deliveries of this export that are still wanted. */
  readonly failed: number;
}

/**
 * Works on the files of one export until none waits: loads what can be claimed, and waits for what other workers hold
 * and for retries.
 * @throws AppError TIMEOUT when some still wait after `timeoutSeconds`, CANCELLED by the signal
 */
export async function finishExport(context: IngestContext, options: FinishOptions): Promise<FinishedExport> {
  const { exportId, signal, timeoutSeconds, workers, onProgress, onProcessed } = options;
  const begun = await listWaiting(context.registry, exportId);
  options.onBegin?.(begun);
  const failedBefore = await countFailed(context.registry, exportId);
  const work = { count: Math.min(workers, Math.max(begun.length, 1)), exportId, untilIdle: true, signal };
  let idleSince = Date.now();
  let waiting = begun;
  while (waiting.length > 0) {
    const processed = await countProcessed(context, { ...work, onProgress, onProcessed });
    if (signal.aborted) throw new AppError('CANCELLED', 'interrupted: what is not in yet waits for the next run');
    if (processed > 0) idleSince = Date.now();
    waiting = await listWaiting(context.registry, exportId);
    if (waiting.length === 0) break;
    if (Date.now() - idleSince > timeoutSeconds * 1_000) throw stillWaiting(waiting, timeoutSeconds);
    // What a dead process left would be waited for in vain.
    await reconcile(context);
    await waitFor(context.settings.pollSeconds, signal);
  }
  // A swap that readers held up, and deliveries that list no file.
  await publishComplete(context, { exportId });
  const failed = await countFailed(context.registry, exportId);
  return { ingested: Math.max(0, begun.length - Math.max(0, failed - failedBefore)), failed };
}

type WorkOptions = Parameters<typeof runWorkers>[1];

async function countProcessed(context: IngestContext, work: WorkOptions): Promise<number> {
  let processed = 0;
  const onProcessed = (fileId: number, outcome: Processed) => {
    if (outcome === 'ingested' || outcome === 'failed') processed += 1;
    work.onProcessed?.(fileId, outcome);
  };
  await runWorkers(context, { ...work, onProcessed });
  return processed;
}

function stillWaiting(waiting: readonly WaitingFile[], timeoutSeconds: number): AppError {
  const [first] = waiting;
  return new AppError(
    'TIMEOUT',
    `${waiting.length} files still wait after ${timeoutSeconds} s, such as file ${first?.id}: another worker holds them, or they are to be tried again later; see billvault file show ${first?.id}`,
  );
}
