import { recordAudit } from '../../registry/audit.ts';
import { markDropped } from '../../registry/delivery/delivery-states.ts';
import type { IngestContext } from '../context.ts';

/**
 * Makes the registry say that a delivery's table is gone, and by whose doing, in one transaction.
 * @returns false when it said so already
 */
export async function recordDrop(context: IngestContext, deliveryId: number, actor: string): Promise<boolean> {
  return context.registry.$transaction(async (tx) => {
    if (!(await markDropped(tx, deliveryId))) return false;
    await recordAudit(tx, { actor, action: 'delivery.dropped', subject: `delivery/${deliveryId}` });
    return true;
  });
}
