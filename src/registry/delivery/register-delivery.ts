import { step } from '../../steps.ts';
import { storableText } from '../file/mark-failed.ts';
import type { PrismaClient } from '../generated/client.ts';
import { safeInteger } from '../safe-integer.ts';

/** Rows of one insert: far below PostgreSQL's 65,535 parameters of a statement. */
const filesPerInsert = 1_000;

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
      for (let start = 0; start < delivery.files.length; start += filesPerInsert) {
        const batch = delivery.files.slice(start, start + filesPerInsert);
        await tx.file.createMany({ data: batch.map((file) => fileRow(delivery, created.id, file)) });
      }
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

function fileRow(delivery: NewDelivery, deliveryId: bigint, file: NewFile) {
  const periodStart = toDate(delivery.periodStart);
  const periodEnd = toDate(delivery.periodEnd);
  const base = { deliveryId, ordinal: file.ordinal, key: file.key, periodStart, periodEnd };
  if (file.object === undefined) {
    return { ...base, status: 'FAILED' as const, errorCode: 'FILE_MISSING', errorText: missingText(file.key) };
  }
  return { ...base, etag: file.object.etag, sizeBytes: file.object.sizeBytes, lastModified: file.object.lastModified };
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
  for (const { key, object } of files) {
    if (object === undefined || !wanted.has(key)) continue;
    found += await tx.$executeRaw`
      update registry.file
         set status = 'NEW', generation = generation + 1, attempts = 0, error_code = null, error_text = null,
             etag = ${object.etag}, size_bytes = ${object.sizeBytes}, last_modified = ${object.lastModified}
       where delivery_id = ${deliveryId} and key = ${key} and status = 'FAILED' and error_code = 'FILE_MISSING'`;
  }
  return found;
}
