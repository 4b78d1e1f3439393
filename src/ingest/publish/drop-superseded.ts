import { isAppError } from '../../errors.ts';
import { dropDelivery } from '../../raw/drop-delivery.ts';
import { deliveryTableOf, rawTableOf } from '../../raw/table-names.ts';
import { type CompleteDelivery, listDroppable } from '../../registry/delivery/delivery-states.ts';
import type { IngestContext } from '../context.ts';
import { recordDrop } from './record-drop.ts';

/**
 * Drops the tables of deliveries that were superseded longer ago than their export keeps them. One that cannot be dropped
 * keeps no other from it.
 * @returns how many
 * @throws the first failure, once all were tried
 */
export async function dropSuperseded(context: IngestContext, actor: string): Promise<number> {
  let dropped = 0;
  const failures: unknown[] = [];
  for (const delivery of await listDroppable(context.registry, context.now())) {
    try {
      if (await dropOne(context, delivery, actor)) dropped += 1;
    } catch (error) {
      if (isAppError(error, 'DATABASE_UNAVAILABLE')) throw error;
      if (isAppError(error, 'LOCK_TIMEOUT')) {
        context.log.warn({ deliveryId: delivery.id }, 'drop: readers hold the table, it will be tried again');
      } else {
        context.log.error({ deliveryId: delivery.id, err: error }, 'drop: the delivery cannot be dropped');
        failures.push(error);
      }
    }
  }
  if (failures.length > 0) throw failures[0];
  return dropped;
}

async function dropOne(context: IngestContext, delivery: CompleteDelivery, actor: string): Promise<boolean> {
  const target = deliveryTableOf(rawTableOf(delivery), { deliveryId: delivery.id, periodStart: delivery.periodStart });
  const outcome = await dropDelivery(context.raw.pool, target);
  if (outcome !== 'is-published') return recordDrop(context, delivery.id, actor);
  // The registry has not followed a publish yet; the next reconciliation makes it.
  context.log.warn({ deliveryId: delivery.id }, 'drop: the delivery is current again, it stays');
  return false;
}
