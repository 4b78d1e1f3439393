import type { Registry } from '../registry.ts';

export interface QueueDepth {
  /** NEW, and nobody is at it. */
  readonly waiting: number;
  /** NEW, and a worker holds it. */
  readonly underWay: number;
  readonly failed: number;
}

/** Files of clients that are still ours, in deliveries that are still wanted. */
export async function countQueue(registry: Registry): Promise<QueueDepth> {
  const rows = await registry.$queryRaw<QueueDepth[]>`
    select (count(*) filter (where f.status = 'NEW' and (f.lease_until is null or f.lease_until < now())))::int as waiting,
           (count(*) filter (where f.status = 'NEW' and f.lease_until >= now()))::int as "underWay",
           (count(*) filter (where f.status = 'FAILED'))::int as failed
      from registry.file f
      join registry.delivery d on d.id = f.delivery_id
      join registry.export e on e.id = d.export_id
      join registry.client c on c.id = e.client_id
     where f.status in ('NEW', 'FAILED') and d.state in ('PENDING', 'PUBLISHED') and c.offboarded_at is null`;
  return rows[0] ?? { waiting: 0, underWay: 0, failed: 0 };
}
