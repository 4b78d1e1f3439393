import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import { dropClient } from '../../raw/drop-delivery.ts';
import { listHeldFiles, markClientDropped, markOffboarded } from '../../registry/client/offboard-client.ts';
import type { IngestContext } from '../context.ts';

/** A person or a request waits for this; a longer load is waited for by asking again. */
const maxWaitMillis = 20_000;
const pollMillis = 250;

/**
 * Ends a client: no file of it is handed out any more, its raw schema is dropped, its deliveries are DROPPED. What
 * happened stays in the registry. The order loses nothing twice: refused first, then dropped, then recorded; whatever
 * interrupts it, doing it again finishes it.
 * @returns how many deliveries were dropped
 * @throws AppError NOT_FOUND, LOCK_TIMEOUT while a file of the client is being loaded or its tables are being read
 */
export async function offboardClient(
  context: IngestContext,
  { name, actor }: { readonly name: string; readonly actor: string },
): Promise<number> {
  const clientId = await markOffboarded(context.registry, { name, actor });
  await waitForWorkers(context, clientId, name);
  await dropClient(context.raw.pool, name);
  return markClientDropped(context.registry, clientId);
}

/** A worker that claimed a file before the mark would bring the schema back after the drop. */
async function waitForWorkers({ registry }: IngestContext, clientId: number, name: string): Promise<void> {
  const deadline = Date.now() + maxWaitMillis;
  for (;;) {
    const held = await listHeldFiles(registry, clientId);
    if (held.length === 0) return;
    if (Date.now() > deadline) {
      throw new AppError(
        'LOCK_TIMEOUT',
        `client ${name} gets no more files, but ${held.length} are being loaded now (file ${held[0]}): offboard it again when they are done`,
      );
    }
    await sleep(pollMillis);
  }
}
