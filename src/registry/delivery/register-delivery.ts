import { step } from '../../steps.ts';
import { storableText } from '../file/mark-failed.ts';
import type { PrismaClient } from '../generated/client.ts';
import { safeInteger } from '../safe-integer.ts';

/** Files of one statement: few megabytes of arrays, and 100,000 files in seconds instead of a minute. */
const filesPerStatement = 10_000;

export interface NewFile {
  /** Position in the manifest's list, from 1. */
  readonly ordinal: number;
  readonly key: string;
  /** Undefined: the manifest lists it, the bucket does not have it. */
  readonly object: { readonly etag: string; readonly sizeBytes: number; readonly lastModified: Date } | undefined;
}

export interface NewDelivery {
  readonly exportId: number;
  /** First day of the billing period, and of the next, `2024-03-01`. */
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly identity: string;
  readonly executionId: string | null;
  readonly manifest:
    | { readonly key: string; readonly etag: string; readonly sizeBytes: number; readonly lastModified: Date }
    | undefined;
  readonly files: readonly NewFile[];
  /** Database time before the listing began from which this delivery was read. */
  readonly listedAt: Date;
}

export interface RegisteredDelivery {
  /** `stale`: another discovery registered a delivery of this period after our listing began, and may have seen more. */
  readonly outcome: 'new' | 'known' | 'stale';
  readonly filesAdded: number;
}

/**
 * Writes a delivery and all its files, or finds it known; missing files that have appeared since become NEW. Unfinished
 * older deliveries of the same period are overtaken: their files leave the queue. All in one transaction, one export at a
 * time, so that an older listing never overtakes a newer one.
 */
export async function registerDelivery(registry: PrismaClient, delivery: NewDelivery): Promise<RegisteredDelivery> {
  return registry.$transaction(
    async (tx) => {
      await tx.$executeRaw`select from registry.export where id = ${delivery.exportId} for update`;
      const known = await tx.delivery.findUnique({
        where: {
          exportId_periodStart_identity: {
            exportId: delivery.exportId,
            periodStart: toDate(delivery.periodStart),
            identity: delivery.identity,
          },
        },
      });
      if (known !== null) {
        const id = safeInteger(known.id);
        await noteManifest(tx, id, delivery.manifest);
        const found = await fillInMissing(tx, id, delivery.files);
        return { outcome: 'known', filesAdded: found };
      }
      if (await isStale(tx, delivery)) return { outcome: 'stale', filesAdded: 0 };
      const created = await tx.delivery.create({ data: deliveryRow(delivery) });
      for (const batch of batches(delivery.files)) await insertFiles(tx, created.id, delivery, batch);
      await tx.$executeRaw`
        update registry.delivery set state = 'SUPERSEDED', superseded_at = now()
         where export_id = ${delivery.exportId} and period_start = ${delivery.periodStart}::date
           and state = 'PENDING' and id < ${created.id}`;
      step('delivery.before-commit');
      return { outcome: 'new', filesAdded: delivery.files.length };
    },
    { timeout: 60_000, maxWait: 30_000 },
  );
}

async function isStale(tx: Pick<PrismaClient, 'delivery'>, delivery: NewDelivery): Promise<boolean> {
  const newer = await tx.delivery.count({
    where: {
      exportId: delivery.exportId,
      periodStart: toDate(delivery.periodStart),
      registeredAt: { gt: delivery.listedAt },
    },
  });
  return newer > 0;
}

function deliveryRow({ exportId, periodStart, periodEnd, identity, executionId, manifest }: NewDelivery) {
  return {
    exportId,
    periodStart: toDate(periodStart),
    periodEnd: toDate(periodEnd),
    identity,
    executionId,
    manifestKey: manifest?.key ?? null,
    manifestEtag: manifest?.etag ?? null,
    manifestSizeBytes: manifest?.sizeBytes ?? null,
    manifestLastModified: manifest?.lastModified ?? null,
  };
}

function batches(files: readonly NewFile[]): readonly (readonly NewFile[])[] {
  const count = Math.ceil(files.length / filesPerStatement);
  return Array.from({ length: count }, (_, n) => files.slice(n * filesPerStatement, (n + 1) * filesPerStatement));
}

/** A file that the bucket does not have is FAILED from the beginning. */
async function insertFiles(
  tx: Pick<PrismaClient, '$executeRaw'>,
  deliveryId: bigint,
  { periodStart, periodEnd }: NewDelivery,
  files: readonly NewFile[],
): Promise<void> {
  await tx.$executeRaw`
    insert into registry.file (delivery_id, period_start, period_end, ordinal, key, etag, size_bytes, last_modified,
                               status, error_code, error_text)
    select ${deliveryId}, ${periodStart}::date, ${periodEnd}::date, f.ordinal, f.key, f.etag, f.size_bytes, f.last_modified,
           case when f.etag is null then 'FAILED' else 'NEW' end::registry.file_status,
           case when f.etag is null then 'FILE_MISSING' end, f.error_text
      from unnest(${files.map(({ ordinal }) => ordinal)}::int[], ${files.map(({ key }) => key)}::text[],
                  ${files.map(({ object }) => object?.etag ?? null)}::text[],
                  ${files.map(({ object }) => object?.sizeBytes ?? null)}::bigint[],
                  ${files.map(({ object }) => object?.lastModified.toISOString() ?? null)}::timestamptz[],
                  ${files.map(({ key, object }) => (object === undefined ? missingText(key) : null))}::text[])
           as f (ordinal, key, etag, size_bytes, last_modified, error_text)`;
}

function toDate(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

function missingText(key: string): string {
  return storableText(
    `the manifest lists ${JSON.stringify(key)}, which is not in the bucket: nothing of this delivery is loaded until it is there`,
  );
}

/** The same delivery may be seen through another copy of its manifest: what was seen last is what a listing is compared with. */
async function noteManifest(
  tx: Pick<PrismaClient, '$executeRaw'>,
  deliveryId: number,
  manifest: NewDelivery['manifest'],
): Promise<void> {
  if (manifest === undefined) return;
  await tx.$executeRaw`
    update registry.delivery
       set manifest_key = ${manifest.key}, manifest_etag = ${manifest.etag},
           manifest_size_bytes = ${manifest.sizeBytes}, manifest_last_modified = ${manifest.lastModified}
     where id = ${deliveryId}`;
}

async function fillInMissing(
  tx: Pick<PrismaClient, '$executeRaw' | '$queryRaw'>,
  deliveryId: number,
  files: readonly NewFile[],
): Promise<number> {
  const missing = await tx.$queryRaw<{ key: string }[]>`
    select key from registry.file where delivery_id = ${deliveryId} and status = 'FAILED' and error_code = 'FILE_MISSING'`;
  if (missing.length === 0) return 0;
  const wanted = new Set(missing.map(({ key }) => key));
  let found = 0;
  for (const batch of batches(files.filter(({ key, object }) => object !== undefined && wanted.has(key)))) {
    found += await tx.$executeRaw`
      update registry.file
         set status = 'NEW', generation = generation + 1, attempts = 0, error_code = null, error_text = null,
             etag = f.etag, size_bytes = f.size_bytes, last_modified = f.last_modified
        from unnest(${batch.map(({ key }) => key)}::text[],
                    ${batch.map(({ object }) => object?.etag ?? null)}::text[],
                    ${batch.map(({ object }) => object?.sizeBytes ?? null)}::bigint[],
                    ${batch.map(({ object }) => object?.lastModified.toISOString() ?? null)}::timestamptz[])
             as f (key, etag, size_bytes, last_modified)
       where file.delivery_id = ${deliveryId} and file.key = f.key and file.status = 'FAILED'
         and file.error_code = 'FILE_MISSING'`;
  }
  return found;
}
