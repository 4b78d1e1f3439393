import { AppError } from '../../errors.ts';
import type { FileStatus, Prisma } from '../generated/client.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';

export interface FileFilter {
  readonly client?: string | undefined;
  readonly export?: string | undefined;
  /** Month, `2024-03-01`. */
  readonly periodStart?: string | undefined;
  readonly status?: FileStatus | undefined;
  readonly errorCode?: string | undefined;
  readonly deliveryId?: number | undefined;
}

export function whereFile(filter: FileFilter): Prisma.FileWhereInput {
  return {
    ...(filter.status && { status: filter.status }),
    ...(filter.errorCode && { errorCode: filter.errorCode }),
    ...(filter.deliveryId && { deliveryId: filter.deliveryId }),
    ...(filter.periodStart && { periodStart: new Date(`${filter.periodStart}T00:00:00Z`) }),
    delivery: {
      export: {
        ...(filter.export && { name: filter.export }),
        client: { offboardedAt: null, ...(filter.client && { name: filter.client }) },
      },
    },
  };
}

/** Oldest first. */
export async function listFileIds(registry: Registry, filter: FileFilter, limit: number): Promise<readonly number[]> {
  const files = await registry.file.findMany({
    where: whereFile(filter),
    select: { id: true },
    orderBy: { id: 'asc' },
    take: limit,
  });
  return files.map(({ id }) => safeInteger(id));
}

export interface FoundFile {
  readonly id: number;
  readonly deliveryId: number;
  readonly status: FileStatus;
  readonly key: string;
  readonly etag: string | null;
  readonly sizeBytes: number | null;
  readonly rows: number | null;
  readonly sha256: string | null;
  readonly periodStart: string;
  readonly client: string;
  readonly exportId: number;
  readonly exportName: string;
  readonly tableName: string;
  readonly bucket: string;
  readonly bucketRegion: string | null;
  readonly root: string;
  readonly role: { readonly arn: string; readonly externalId: string; readonly region: string };
}

/** @throws AppError NOT_FOUND, ILLEGAL_STATE when its client was offboarded */
export async function findFile(registry: Registry, id: number): Promise<FoundFile> {
  const include = { delivery: { include: { export: { include: { client: true, role: true } } } } };
  const found = await registry.file.findUnique({ where: { id }, include });
  if (found === null) throw new AppError('NOT_FOUND', `there is no file ${id}`);
  const { delivery } = found;
  const { export: home } = delivery;
  if (home.client.offboardedAt !== null)
    throw new AppError('ILLEGAL_STATE', `file ${id}: client ${home.client.name} was offboarded`);
  const { arn, externalId, region } = home.role;
  return {
    id,
    deliveryId: safeInteger(found.deliveryId),
    status: found.status,
    key: found.key,
    etag: found.etag,
    sizeBytes: found.sizeBytes === null ? null : safeInteger(found.sizeBytes),
    rows: found.rows === null ? null : safeInteger(found.rows),
    sha256: found.sha256,
    periodStart: found.periodStart.toISOString().slice(0, 10),
    client: home.client.name,
    exportId: home.id,
    exportName: home.name,
    tableName: home.tableName,
    bucket: home.bucket,
    bucketRegion: home.bucketRegion,
    root: home.root,
    role: { arn, externalId, region },
  };
}
