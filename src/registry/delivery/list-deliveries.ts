import { instant, instantOrNull } from '../instant.ts';
import { beyondEveryId, type Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger, safeIntegerOrNull } from '../safe-integer.ts';

/** What people see; FAILED is a PENDING delivery that waits for a person, because one of its files failed. */
export const shownStates = ['PENDING', 'FAILED', 'PUBLISHED', 'SUPERSEDED', 'DROPPED'] as const;

export type ShownState = (typeof shownStates)[number];

export interface DeliverySummary {
  readonly id: number;
  readonly client: string;
  readonly export: string;
  /** First day of the billing period, `2024-03-01`. */
  readonly periodStart: string;
  readonly state: ShownState;
  /** assemblyId or executionId; null for kind `files`. */
  readonly executionId: string | null;
  readonly files: { readonly NEW: number; readonly INGESTED: number; readonly FAILED: number };
  /** Rows that are in; null before the first file is. */
  readonly rows: number | null;
  /** Of its objects in S3, as far as known. */
  readonly bytes: number;
  readonly registeredAt: string;
  readonly publishedAt: string | null;
  readonly supersededAt: string | null;
  readonly droppedAt: string | null;
}

export interface DeliveryFilter {
  readonly client?: string | undefined;
  readonly export?: string | undefined;
  /** `2024-03-01`. */
  readonly periodStart?: string | undefined;
  /** Any of these. */
  readonly states?: readonly ShownState[] | undefined;
  readonly id?: number | undefined;
}

/** Those that say how a period stands: the current delivery, and the one on its way. */
export const standingStates: readonly ShownState[] = ['PENDING', 'FAILED', 'PUBLISHED'];

interface Row {
  readonly id: bigint;
  readonly client: string;
  readonly export: string;
  readonly periodStart: string;
  readonly state: ShownState;
  readonly executionId: string | null;
  readonly filesNew: number;
  readonly filesIngested: number;
  readonly filesFailed: number;
  readonly rows: bigint | null;
  readonly bytes: bigint;
  readonly registeredAt: Date;
  readonly publishedAt: Date | null;
  readonly supersededAt: Date | null;
  readonly droppedAt: Date | null;
}

/** Newest first, with their files counted. Those of offboarded clients only where the client is named. */
export async function listDeliveries(
  registry: Registry,
  filter: DeliveryFilter,
  { limit, cursor = beyondEveryId }: Page,
): Promise<readonly DeliverySummary[]> {
  const { client = null, export: name = null, periodStart = null, id = null } = filter;
  const states = [...(filter.states ?? shownStates)];
  const rows = await registry.$queryRaw<Row[]>`
    with shown as (
      select d.*, c.name as client, e.name as export,
             case when d.state = 'PENDING' and exists (
                    select from registry.file f where f.delivery_id = d.id and f.status = 'FAILED')
                  then 'FAILED' else d.state::text end as shown_state
        from registry.delivery d
        join registry.export e on e.id = d.export_id
        join registry.client c on c.id = e.client_id
       where d.id < ${cursor}::bigint
         and (${id}::bigint is null or d.id = ${id}::bigint)
         and (c.offboarded_at is null or c.name = ${client}::text)
         and (${client}::text is null or c.name = ${client}::text)
         and (${name}::text is null or e.name = ${name}::text)
         and (${periodStart}::date is null or d.period_start = ${periodStart}::date)
    ), page as (
      select * from shown where shown_state = any(${states}::text[]) order by id desc limit ${limit}
    )
    select p.id, p.client, p.export, p.period_start::text as "periodStart", p.shown_state as state,
           p.execution_id as "executionId", p.registered_at as "registeredAt", p.published_at as "publishedAt",
           p.superseded_at as "supersededAt", p.dropped_at as "droppedAt",
           f.new as "filesNew", f.ingested as "filesIngested", f.failed as "filesFailed", f.rows, f.bytes
      from page p
      cross join lateral (
        select (count(*) filter (where status = 'NEW'))::int as new,
               (count(*) filter (where status = 'INGESTED'))::int as ingested,
               (count(*) filter (where status = 'FAILED'))::int as failed,
               (sum(rows) filter (where status = 'INGESTED'))::bigint as rows,
               coalesce(sum(size_bytes), 0)::bigint as bytes
          from registry.file where delivery_id = p.id) f
     order by p.id desc`;
  return rows.map(summaryOf);
}

function summaryOf(row: Row): DeliverySummary {
  const { client, export: name, periodStart, state, executionId } = row;
  return {
    id: safeInteger(row.id),
    client,
    export: name,
    periodStart,
    state,
    executionId,
    files: { NEW: row.filesNew, INGESTED: row.filesIngested, FAILED: row.filesFailed },
    rows: safeIntegerOrNull(row.rows),
    bytes: safeInteger(row.bytes),
    registeredAt: instant(row.registeredAt),
    publishedAt: instantOrNull(row.publishedAt),
    supersededAt: instantOrNull(row.supersededAt),
    droppedAt: instantOrNull(row.droppedAt),
  };
}
