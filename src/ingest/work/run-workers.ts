import { hostname } from 'node:os';
import { toAppError } from '../../errors.ts';
import { claimFile } from '../../registry/file/claim-file.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import type { IngestContext } from '../context.ts';
import type { LoadProgress } from '../load/load-claimed.ts';
import { type Processed, processFile } from './process-file.ts';
import { waitFor } from './wait-for.ts';

export interface WorkerOptions {
  readonly count: number;
  readonly signal: AbortSignal;
  /** Only files of this export. */
  readonly exportId?: number | undefined;
  /** True: end when nothing can be claimed; otherwise wait for more until the signal. */
  readonly untilIdle?: boolean | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  readonly onProcessed?: ((fileId: number, outcome: Processed) => void) | undefined;
}

/** A number of workers, each claiming and loading one file after the other. Any number of processes may do the same. */
export async function runWorkers(context: IngestContext, options: WorkerOptions): Promise<void> {
  const workers = Array.from({ length: options.count }, (_, index) => runWorker(context, options, index + 1));
  await Promise.all(workers);
}

async function runWorker(context: IngestContext, options: WorkerOptions, number: number): Promise<void> {
  const owner = `${hostname()}:${process.pid}:${number}:${crypto.randomUUID().slice(0, 8)}`;
  while (!options.signal.aborted) {
    const worked = await workOnce(context, options, owner);
    if (worked) continue;
    if (options.untilIdle) return;
    await waitFor(context.settings.pollSeconds, options.signal);
  }
}

/** @returns false when there was nothing to do, or the registry could not be asked */
async function workOnce(context: IngestContext, options: WorkerOptions, owner: string): Promise<boolean> {
  const { leaseSeconds, maxAttempts } = context.settings;
  const { signal, exportId, onProgress } = options;
  try {
    const file = await claimFile(context.registry, { owner, leaseSeconds, maxAttempts, exportId });
    if (file === null) return false;
    const outcome = await processFile(context, file, { owner, signal, onProgress });
    options.onProcessed?.(file.id, outcome);
    return true;
  } catch (error) {
    // The registry itself failed: the lease will run out, and the file comes up again.
    const failure = toAppError(toRegistryError(error));
    context.log.error({ code: failure.code, err: failure.message }, 'worker: the registry cannot be used now');
    await waitFor(context.settings.pollSeconds, signal);
    return !options.untilIdle;
  }
}
