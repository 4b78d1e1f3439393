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
 * time; nothing is lost by waiting. One that cannot be published keeps no other from it.
 * @returns how many were published
 * @throws the first failure, once all were tried
 */
export async function publishComplete(
  context: IngestContext,
  only: { readonly deliveryId?: number; readonly exportId?: number } = {},
): Promise<number> {
  let published = 0;
  const failures: unknown[] = [];
  for (const delivery of await listComplete(context.registry, only)) {
    try {
      if (await publishOne(context, delivery)) published += 1;
    } catch (error) {
      if (isAppError(error, 'DATABASE_UNAVAILABLE')) throw error;
      if (isAppError(error, 'LOCK_TIMEOUT')) {
        context.log.warn({ deliveryId: delivery.id }, 'publish: readers hold the table, it will be tried again');
      } else {
        context.log.error({ deliveryId: delivery.id, err: error }, 'publish: the delivery cannot be published');
        failures.push(error);
      }
    }
  }
  if (failures.length > 0) throw failures[0];
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
