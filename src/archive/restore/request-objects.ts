import pLimit from 'p-limit';
import type { ArchiveStore } from '../../aws/archive-store.ts';
import { markRestorePartReady, markRestorePartRequested } from '../../registry/archive/restore.ts';
import type { PartRecord } from '../../registry/archive/unit-record.ts';
import type { Registry } from '../../registry/registry.ts';
import type { RestoreRequest } from './restore-request.ts';

export interface RequestObjects {
  readonly restoreId: number;
  readonly request: Pick<RestoreRequest, 'tier' | 'copyDays'>;
  readonly parts: readonly PartRecord[];
  readonly store: ArchiveStore;
  readonly signal: AbortSignal;
}

/** S3 takes thousands of requests a second; these are a HEAD and now and then one more each. */
const maxParallelRequests = 16;

/**
 * Asks for readable copies of what lies in a cold class, and notes what can be read. Nothing waits here: it is asked again
 * when the job comes by the next time.
 * @returns how many parts cannot be read yet
 */
export async function requestObjects(registry: Registry, options: RequestObjects): Promise<number> {
  const limit = pLimit(maxParallelRequests);
  const ready = await Promise.all(options.parts.map((one) => limit(() => requestOne(registry, options, one))));
  return ready.filter((isReady) => !isReady).length;
}

async function requestOne(
  registry: Registry,
  { restoreId, request, store, signal }: RequestObjects,
  part: PartRecord,
): Promise<boolean> {
  signal.throwIfAborted();
  const { key } = part;
  const versionId = part.versionId ?? '';
  const where = { restoreId, partId: part.id };
  const { isCold, restore } = await store.head(key, versionId, { signal });
  if (!isCold) {
    await markRestorePartReady(registry, where);
    return true;
  }
  const isAsked = restore?.state === 'ongoing';
  const options = { days: request.copyDays, tier: request.tier, signal };
  const outcome = isAsked ? 'ongoing' : await store.requestRestore(key, versionId, options);
  if (outcome !== 'ready') await markRestorePartRequested(registry, where);
  else await markRestorePartReady(registry, where);
  return outcome === 'ready';
}
