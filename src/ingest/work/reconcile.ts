import { isAppError } from '../../errors.ts';
import { readLoadedFiles } from '../../raw/load-file.ts';
import { readDropped, readPublished } from '../../raw/published.ts';
import { listUnsettledDeliveries, markPublished } from '../../registry/delivery/delivery-states.ts';
import { listInterrupted } from '../../registry/file/list-interrupted.ts';
import { failExhausted } from '../../registry/file/mark-failed.ts';
import { markIngested } from '../../registry/file/mark-ingested.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import { closeAbandonedRuns } from '../../registry/run/ingest-run.ts';
import type { IngestContext } from '../context.ts';
import { publishComplete } from '../publish/publish-complete.ts';
import { recordDrop } from '../publish/record-drop.ts';

/**
 * Brings the registry in line with what the raw database has committed, and finishes what a dead process left: files
 * that are in, deliveries that were published or dropped, whole deliveries that nobody published, files whose worker
 * died at every attempt, runs that nobody ends any more. Runs at start and every minute; doing it twice changes nothing.
 */
export async function reconcile(context: IngestContext): Promise<void> {
  const { registry, raw, settings } = context;
  const interrupted = await listInterrupted(registry);
  for (const loaded of await readLoadedFiles(raw.pool, interrupted)) await markIngested(registry, loaded);
  await failExhausted(registry, settings.maxAttempts);
  await closeAbandonedRuns(registry);

  const unsettled = await listUnsettledDeliveries(registry);
  for (const published of await readPublished(raw.pool, unsettled)) await markPublished(registry, published);
  for (const dropped of await readDropped(raw.pool, unsettled)) await recordDrop(context, dropped, 'reconcile');
  await publishAll(context);
}

/** One that cannot be published is told of where it fails; it keeps no service from starting and no export from its work. */
async function publishAll(context: IngestContext): Promise<void> {
  try {
    await publishComplete(context);
  } catch (error) {
    if (isAppError(toRegistryError(error), 'DATABASE_UNAVAILABLE')) throw error;
  }
}
