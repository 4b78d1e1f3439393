import { isAppError } from '../../errors.ts';
import { ensureDeliveryTable } from '../../raw/ensure-delivery-table.ts';
import { publishDelivery } from '../../raw/publish-delivery.ts';
import { deliveryTableOf, rawTableOf } from '../../raw/table-names.ts';
import {
  type CompleteDelivery,
  listComplete,
  markOvertaken,
  markPublished,
} from '../../registry/delivery/delivery-states.ts';
import { step } from '../../steps.ts';
import type { IngestContext } from '../context.ts';

/**
 * Publishes every delivery (or the one named) whose files are all in. A swap that readers held up stays for the next
 * time; nothing is lost by waiting.
 * @returns how many were published
 */
export async function publishComplete(
  context: IngestContext,
  only: { readonly deliveryId?: number; readonly exportId?: number } = {},
): Promise<number> {
  let published = 0;
  for (const delivery of await listComplete(context.registry, only)) {
    try {
      if (await publishOne(context, delivery)) published += 1;
    } catch (error) {
      if (!isAppError(error, 'LOCK_TIMEOUT')) throw error;
      context.log.warn({ deliveryId: delivery.id }, 'publish: readers hold the table, it will be tried again');
    }
  }
  return published;
}

async function publishOne(context: IngestContext, delivery: CompleteDelivery): Promise<boolean> {
  const target = deliveryTableOf(rawTableOf(delivery), { deliveryId: delivery.id, periodStart: delivery.periodStart });
  await ensureDeliveryTable(context.raw.pool, target);
  const outcome = await publishDelivery(context.raw.pool, target, { allowOlder: false });
  if (outcome === 'newer-is-published') {
    await markOvertaken(context.registry, delivery.id);
    return false;
  }
  await markPublished(context.registry, { deliveryId: delivery.id, ...delivery });
  step('publish.after-registry', delivery.id);
  context.log.info(
    { deliveryId: delivery.id, client: delivery.client, period: delivery.periodStart },
    'delivery published',
  );
  return outcome === 'published';
}
