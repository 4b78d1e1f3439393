import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** What a publish in the raw database did; the registry follows it. */
export interface PublishedFact {
  readonly deliveryId: number;
  readonly exportId: number;
  /** First day of the billing period, `2024-03-01`. */
  readonly periodStart: string;
}

/**
 * Makes the registry say what the raw database has committed: this delivery is the current one of its period, and the
 * one that was is superseded. Repeating it changes nothing.
 */
export async function markPublished(registry: Registry, fact: PublishedFact): Promise<void> {
  await registry.$executeRaw`
    update registry.delivery set state = 'SUPERSEDED', superseded_at = now()
     where export_id = ${fact.exportId} and period_start = ${fact.periodStart}::date
       and state = 'PUBLISHED' and id <> ${fact.deliveryId}`;
  await registry.$executeRaw`
    update registry.delivery set state = 'PUBLISHED', published_at = now(), superseded_at = null
     where id = ${fact.deliveryId} and state in ('PENDING', 'SUPERSEDED')`;
}

/** SUPERSEDED → DROPPED (or, when a client is offboarded, any state). */
export async function markDropped(registry: Registry, deliveryId: number): Promise<boolean> {
  const changed = await registry.$executeRaw`
    update registry.delivery
       set state = 'DROPPED', dropped_at = now(), superseded_at = coalesce(superseded_at, now())
     where id = ${deliveryId} and state = 'SUPERSEDED'`;
  return changed === 1;
}

export interface CompleteDelivery {
  readonly id: number;
  readonly exportId: number;
  readonly client: string;
  readonly tableName: string;
  /** First day of the billing period, `2024-03-01`. */
  readonly periodStart: string;
}

interface CompleteRow extends Omit<CompleteDelivery, 'id'> {
  readonly id: bigint;
}

/** PENDING deliveries whose every file is INGESTED (or that list none): ready to be published, oldest first. */
export async function listComplete(
  registry: Registry,
  only: { readonly deliveryId?: number; readonly exportId?: number } = {},
): Promise<readonly CompleteDelivery[]> {
  const { deliveryId = null, exportId = null } = only;
  const rows = await registry.$queryRaw<CompleteRow[]>`
    select d.id, d.export_id as "exportId", c.name as client, e.table_name as "tableName", d.period_start::text as "periodStart"
      from registry.delivery d
      join registry.export e on e.id = d.export_id
      join registry.client c on c.id = e.client_id
     where d.state = 'PENDING' and c.offboarded_at is null
       and (${deliveryId}::bigint is null or d.id = ${deliveryId}::bigint)
       and (${exportId}::int is null or d.export_id = ${exportId}::int)
       and not exists (select from registry.file f where f.delivery_id = d.id and f.status <> 'INGESTED')
     order by d.id`;
  return rows.map((row) => ({ ...row, id: safeInteger(row.id) }));
}

/**
 * Superseded deliveries whose time has come to be dropped: past their export's keeping, never a period's last, and none
 * that a worker is at (somebody had a file of it reprocessed).
 */
export async function listDroppable(registry: Registry, now: Date): Promise<readonly CompleteDelivery[]> {
  const rows = await registry.$queryRaw<CompleteRow[]>`
    select d.id, d.export_id as "exportId", c.name as client, e.table_name as "tableName", d.period_start::text as "periodStart"
      from registry.delivery d
      join registry.export e on e.id = d.export_id
      join registry.client c on c.id = e.client_id
     where d.state = 'SUPERSEDED'
       and d.superseded_at + make_interval(days => e.keep_superseded_days) <= ${now}
       and exists (
         select from registry.delivery p
          where p.export_id = d.export_id and p.period_start = d.period_start and p.state = 'PUBLISHED')
       and not exists (select from registry.file f where f.delivery_id = d.id and f.lease_until > now())
     order by d.id`;
  return rows.map((row) => ({ ...row, id: safeInteger(row.id) }));
}

/** PENDING → SUPERSEDED: a newer delivery of the period was published before this one was whole. */
export async function markOvertaken(registry: Registry, deliveryId: number): Promise<void> {
  await registry.$executeRaw`
    update registry.delivery set state = 'SUPERSEDED', superseded_at = now()
     where id = ${deliveryId} and state = 'PENDING'`;
}

/** Deliveries at most that one reconciliation looks at, the newest first. */
const maxUnsettled = 10_000;

/** PENDING and SUPERSEDED deliveries: the raw database may have published or dropped them without our knowing. */
export async function listUnsettledDeliveries(registry: Registry): Promise<readonly number[]> {
  const rows = await registry.$queryRaw<{ id: bigint }[]>`
    select id from registry.delivery where state in ('PENDING', 'SUPERSEDED') order by id desc limit ${maxUnsettled}`;
  return rows.map(({ id }) => safeInteger(id));
}
