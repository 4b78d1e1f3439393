import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

/** Every worker thread that this process starts from now on, in order; each appears a tick after its start. */
export function watchThreads(): readonly Worker[] {
  const started: Worker[] = [];
  process.on('worker', (worker) => started.push(worker));
  return started;
}

export function isAlive(worker: Worker | undefined): boolean {
  return worker !== undefined && worker.threadId !== -1;
}

export async function ended(worker: Worker): Promise<void> {
  if (isAlive(worker)) await once(worker, 'exit');
}
