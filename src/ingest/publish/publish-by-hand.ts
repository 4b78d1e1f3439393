import { AppError } from '../../errors.ts';
import { publishDelivery } from '../../raw/publish-delivery.ts';
import { deliveryTableOf, rawTableOf } from '../../raw/table-names.ts';
import { recordAudit } from '../../registry/audit.ts';
import { markPublished } from '../../registry/delivery/delivery-states.ts';
import { findDelivery } from '../../registry/delivery/find-delivery.ts';
import type { IngestContext } from '../context.ts';

/**
 * Makes an older delivery current again, and records who did. It stays so until a newer one arrives.
 * @throws AppError NOT_FOUND, ILLEGAL_STATE when the delivery is not one that was whole and is still there
 */
export async function publishByHand(
  context: IngestContext,
  { deliveryId, actor }: { readonly deliveryId: number; readonly actor: string },
): Promise<'published' | 'already-published'> {
  const delivery = await findDelivery(context.registry, deliveryId);
  if (delivery.state === 'PUBLISHED') return 'already-published';
  if (delivery.state === 'DROPPED')
    throw new AppError('ILLEGAL_STATE', `delivery ${deliveryId} was dropped: its rows are gone`);
  if (delivery.files.some((file) => file.ingestedAt === null)) {
    throw new AppError('ILLEGAL_STATE', `delivery ${deliveryId} is not whole: not all of its files are ingested`);
  }
  const target = deliveryTableOf(rawTableOf(delivery), { deliveryId, periodStart: delivery.periodStart });
  const { exportId, periodStart } = delivery;
  const event = { actor, subject: `delivery/${deliveryId}`, detail: { periodStart } };
  // Asked for is recorded first: should the process die after the swap, it is still known whose doing it was.
  await recordAudit(context.registry, { ...event, action: 'delivery.publish-asked' });
  await publishDelivery(context.raw.pool, target, { allowOlder: true });
  await markPublished(context.registry, { deliveryId, exportId, periodStart });
  await recordAudit(context.registry, { ...event, action: 'delivery.published-by-hand' });
  return 'published';
}
