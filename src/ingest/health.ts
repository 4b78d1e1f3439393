import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, toAppError } from '../errors.ts';
import { countQueue, type QueueDepth } from '../registry/file/count-queue.ts';
import { toRegistryError } from '../registry/registry-error.ts';
import type { IngestContext } from './context.ts';

/** A probe that takes longer is as good as failed: whoever asks gives up after some seconds. */
const probeMillis = 2_000;

export interface Health {
  readonly ok: boolean;
  readonly registry: 'ok' | 'unreachable';
  readonly raw: 'ok' | 'unreachable';
  /** Null where the registry cannot be asked. */
  readonly queue: QueueDepth | null;
}

/** Whether both databases answer, and how much waits. Never throws. */
export async function checkHealth(context: IngestContext): Promise<Health> {
  const [queue, raw] = await Promise.all([
    probe(context, 'registry', () => countQueue(context.registry)),
    probe(context, 'raw', () => context.raw.pool.query('select 1')),
  ]);
  const registry = queue === undefined ? 'unreachable' : 'ok';
  return {
    ok: queue !== undefined && raw !== undefined,
    registry,
    raw: raw === undefined ? 'unreachable' : 'ok',
    queue: queue ?? null,
  };
}

async function probe<T>(context: IngestContext, database: string, ask: () => Promise<T>): Promise<T | undefined> {
  const gaveUp = new AbortController();
  const late = sleep(probeMillis, undefined, { signal: gaveUp.signal, ref: false }).then(() => {
    throw new AppError('TIMEOUT', `no answer within ${probeMillis} ms`);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    const { code, message } = toAppError(toRegistryError(error));
    context.log.warn({ database, code, err: message }, 'health: a database does not answer');
    return undefined;
  } finally {
    gaveUp.abort();
    late.catch(() => undefined);
  }
}
