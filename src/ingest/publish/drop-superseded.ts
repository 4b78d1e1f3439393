import { isAppError } from '../../errors.ts';
import { dropDelivery } from '../../raw/drop-delivery.ts';
import { deliveryTableOf, rawTableOf } from '../../raw/table-names.ts';
import { recordAudit } from '../../registry/audit.ts';
import { listDroppable, markDropped } from '../../registry/delivery/delivery-states.ts';
import type { IngestContext } from '../context.ts';

/**
 * Drops the tables of deliveries that were superseded longer ago than their export keeps them.
 * @returns how many
 */
export async function dropSuperseded(context: IngestContext, actor: string): Promise<number> {
  let dropped = 0;
  for (const delivery of await listDroppable(context.registry, context.now())) {
    const target = deliveryTableOf(rawTableOf(delivery), {
      deliveryId: delivery.id,
      periodStart: delivery.periodStart,
    });
    try {
      await dropDelivery(context.raw.pool, target);
    } catch (error) {
      if (!isAppError(error, 'LOCK_TIMEOUT')) throw error;
      context.log.warn({ deliveryId: delivery.id }, 'drop: readers hold the table, it will be tried again');
      continue;
    }
    if (await markDropped(context.registry, delivery.id)) {
      dropped += 1;
      await recordAudit(context.registry, { actor, action: 'delivery.dropped', subject: `delivery/${delivery.id}` });
    }
  }
  return dropped;
}
