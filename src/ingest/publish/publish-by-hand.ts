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
  await publishDelivery(context.raw.pool, target, { allowOlder: true });
  const { exportId, periodStart } = delivery;
  await markPublished(context.registry, { deliveryId, exportId, periodStart });
  const subject = `delivery/${deliveryId}`;
  await recordAudit(context.registry, {
    actor,
    action: 'delivery.published-by-hand',
    subject,
    detail: { periodStart },
  });
  return 'published';
}
