import type { ExportKind } from '../export/export-kind.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** Everything that a worker needs to load a file, in one row. */
export interface ClaimedFile {
  readonly id: number;
  readonly deliveryId: number;
  readonly generation: number;
  readonly attempts: number;
  readonly key: string;
  readonly etag: string;
  readonly versionId: string | null;
  readonly sizeBytes: number;
  /** First day of the billing period, `2024-03-01`. */
  readonly periodStart: string;
  readonly client: string;
  readonly exportId: number;
  readonly exportName: string;
  readonly kind: ExportKind;
  readonly tableName: string;
  readonly bucket: string;
  readonly bucketRegion: string | null;
  readonly root: string;
  readonly roleArn: string;
  readonly externalId: string;
  readonly roleRegion: string;
}

export interface ClaimRequest {
  /** Unique to the worker: host, process and number. */
  readonly owner: string;
  readonly leaseSeconds: number;
  /** Attempts after which a file is no longer handed out (`failExhausted` then fails it). */
  readonly maxAttempts: number;
  /** Only files of this export. */
  readonly exportId?: number | undefined;
}

/**
 * Of the deliveries with waiting files, how many a claim picks from: enough that workers that claim at the same moment do
 * not find every file locked.
 */
const deliveriesLookedAt = 64;

type Row = Omit<ClaimedFile, 'id' | 'deliveryId' | 'sizeBytes'> & {
  readonly id: bigint;
  readonly deliveryId: bigint;
  readonly sizeBytes: bigint;
};

/**
 * Hands the next NEW file to a worker, or null when there is none. No two workers get the same file while its lease
 * lasts. The client with the fewest files under way goes first, so that one client's backfill does not starve the
 * others; a delivery with a file missing from the bucket is not begun.
 */
export async function claimFile(registry: Registry, request: ClaimRequest): Promise<ClaimedFile | null> {
  const { owner, leaseSeconds, maxAttempts, exportId = null } = request;
  const rows = await registry.$queryRaw<Row[]>`
    with busy as (
      select e.client_id, count(*) as files
        from registry.file f
        join registry.delivery d on d.id = f.delivery_id
        join registry.export e on e.id = d.export_id
       where f.lease_until > now()
       group by e.client_id
    ), ready as (
      select f.delivery_id, min(f.id) as first_id
        from registry.file f
       where f.status = 'NEW'
         and f.etag is not null
         and f.attempts < ${maxAttempts}
         and (f.lease_until is null or f.lease_until < now())
         and (f.not_before is null or f.not_before <= now())
       group by f.delivery_id
    ), next_delivery as (
      select r.delivery_id, r.first_id, coalesce(busy.files, 0) as busy_files
        from ready r
        join registry.delivery d on d.id = r.delivery_id
        join registry.export e on e.id = d.export_id
        join registry.client c on c.id = e.client_id
        left join busy on busy.client_id = e.client_id
       where d.state in ('PENDING', 'PUBLISHED', 'SUPERSEDED')
         and (d.state <> 'SUPERSEDED' or d.published_at is not null)
         and c.offboarded_at is null
         and (${exportId}::int is null or d.export_id = ${exportId}::int)
         and not exists (
           select from registry.file m
            where m.delivery_id = r.delivery_id and m.status = 'FAILED' and m.error_code = 'FILE_MISSING')
       order by coalesce(busy.files, 0), r.first_id
       limit ${deliveriesLookedAt}
    ), candidate as (
      select f.id
        from next_delivery n
        join registry.file f on f.delivery_id = n.delivery_id
       where f.status = 'NEW'
         and f.etag is not null
         and f.attempts < ${maxAttempts}
         and (f.lease_until is null or f.lease_until < now())
         and (f.not_before is null or f.not_before <= now())
       order by n.busy_files, n.first_id, f.id
       limit 1
       for update of f skip locked
    )
    update registry.file f
       set lease_owner = ${owner},
           lease_until = now() + make_interval(secs => ${leaseSeconds}::double precision),
           attempts = f.attempts + 1
      from candidate, registry.delivery d, registry.export e, registry.client c, registry.role r
     where f.id = candidate.id and d.id = f.delivery_id and e.id = d.export_id
       and c.id = e.client_id and r.id = e.role_id
    returning f.id, f.delivery_id as "deliveryId", f.generation, f.attempts, f.key, f.etag,
              f.version_id as "versionId", f.size_bytes as "sizeBytes", f.period_start::text as "periodStart",
              c.name as "client", e.id as "exportId", e.name as "exportName", e.kind::text as "kind",
              e.table_name as "tableName", e.bucket, e.bucket_region as "bucketRegion", e.root,
              r.arn as "roleArn", r.external_id as "externalId", r.region as "roleRegion"`;
  const row = rows[0];
  if (row === undefined) return null;
  return {
    ...row,
    id: safeInteger(row.id),
    deliveryId: safeInteger(row.deliveryId),
    sizeBytes: safeInteger(row.sizeBytes),
  };
}
