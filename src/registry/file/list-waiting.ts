import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

/** Far more files than an export has in its whole history; beyond, a run's estimate is of these only. */
const maxListed = 200_000;

export interface WaitingFile {
  readonly id: number;
  readonly sizeBytes: number;
}

/**
 * NEW files of an export that a worker has or will get: those of deliveries that nobody wants any more, or that a
 * missing file holds up, are not among them (see `claimFile`).
 */
export async function listWaiting(registry: Registry, exportId: number): Promise<readonly WaitingFile[]> {
  const rows = await registry.$queryRaw<{ id: bigint; sizeBytes: bigint }[]>`
    select f.id, coalesce(f.size_bytes, 0) as "sizeBytes"
      from registry.file f
      join registry.delivery d on d.id = f.delivery_id
     where d.export_id = ${exportId} and f.status = 'NEW' and f.etag is not null
       and d.state in ('PENDING', 'PUBLISHED', 'SUPERSEDED')
       and (d.state <> 'SUPERSEDED' or d.published_at is not null)
       and not exists (
         select from registry.file m
          where m.delivery_id = f.delivery_id and m.status = 'FAILED' and m.error_code = 'FILE_MISSING')
     order by f.id
     limit ${maxListed}`;
  return rows.map(({ id, sizeBytes }) => ({ id: safeInteger(id), sizeBytes: safeInteger(sizeBytes) }));
}

/** FAILED files of deliveries that are still wanted: each keeps its delivery from being published. */
export async function countFailed(registry: Registry, exportId: number): Promise<number> {
  return registry.file.count({
    where: { status: 'FAILED', delivery: { exportId, state: { in: ['PENDING', 'PUBLISHED'] } } },
  });
}
