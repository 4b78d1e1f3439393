import { AppError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import type { ManifestState } from '../generated/enums.ts';
import { day } from '../instant.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { firstDay } from './begin-unit.ts';
import type { Encryption, LockMode } from './unit-record.ts';

export interface ManifestRecord {
  readonly id: number;
  readonly source: string;
  readonly sequence: number;
  /** `2026-01`. */
  readonly month: string;
  readonly state: ManifestState;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
  /** The exact text that is stored. */
  readonly body: string;
  readonly sha256: string;
  readonly previousSha256: string | null;
  readonly lockMode: LockMode;
  readonly retainUntil: Date;
  readonly encryption: Encryption;
  readonly legalHold: boolean;
  readonly createdAt: Date;
}

export type NewManifest = Omit<ManifestRecord, 'id' | 'state' | 'versionId' | 'legalHold' | 'createdAt'> & {
  /** Deletions that it names. */
  readonly deletionIds: readonly number[];
};

/**
 * Fixes the next manifest of a source's chain before it is uploaded, with the deletions that it names.
 * @throws AppError CONFLICT when another process has added one meanwhile: read the head again
 */
export async function prepareManifest(registry: PrismaClient, manifest: NewManifest): Promise<ManifestRecord> {
  const { deletionIds, month, encryption, ...data } = manifest;
  return registry.$transaction(async (transaction) => {
    await transaction.$executeRaw`
      select pg_advisory_xact_lock(hashtextextended(${`billvault:chain:${manifest.source}`}, 0))`;
    const head = await manifestHead(transaction, manifest.source);
    if ((head?.sequence ?? 0) + 1 !== manifest.sequence || (head?.sha256 ?? null) !== manifest.previousSha256) {
      throw new AppError(
        'CONFLICT',
        `the chain of ${manifest.source} is at ${head?.sequence ?? 0} now: manifest ${manifest.sequence} is made anew`,
      );
    }
    const row = await transaction.archiveManifest.create({
      data: { ...data, period: firstDay(month), encryption: encryption as unknown as Prisma.InputJsonValue },
    });
    await transaction.archiveDeletion.updateMany({
      where: { id: { in: [...deletionIds] }, manifestId: null },
      data: { manifestId: row.id },
    });
    return toManifest(row);
  });
}

/** PREPARED → STORED; another process that stored the same version may have marked it already. */
export async function markManifestStored(registry: Registry, id: number, versionId: string): Promise<void> {
  const changed = await registry.$executeRaw`
    update registry.archive_manifest set state = 'STORED', version_id = ${versionId}, stored_at = coalesce(stored_at, now())
     where id = ${id} and (state = 'PREPARED' or (state = 'STORED' and version_id = ${versionId}))`;
  if (changed !== 1) throw new AppError('ILLEGAL_STATE', `manifest ${id} is not PREPARED any more`);
}

/** The last manifest of a source's chain. */
export async function manifestHead(registry: Registry, source: string): Promise<ManifestRecord | undefined> {
  const row = await registry.archiveManifest.findFirst({ where: { source }, orderBy: { sequence: 'desc' } });
  return row === null ? undefined : toManifest(row);
}

/** In the order of the chain. */
export async function listManifests(
  registry: Registry,
  filter: {
    readonly source?: string | undefined;
    readonly state?: ManifestState | undefined;
    readonly month?: string | undefined;
  },
): Promise<readonly ManifestRecord[]> {
  const { source, state, month } = filter;
  const rows = await registry.archiveManifest.findMany({
    where: {
      ...(source === undefined ? {} : { source }),
      ...(state === undefined ? {} : { state }),
      ...(month === undefined ? {} : { period: firstDay(month) }),
    },
    orderBy: [{ source: 'asc' }, { sequence: 'asc' }],
  });
  return rows.map(toManifest);
}

/** One source's, month by month and in each in the order of the chain; a page, after `after`. */
export async function pageManifests(
  registry: Registry,
  {
    source,
    after,
    limit,
  }: { readonly source: string; readonly after?: ManifestRecord | undefined; readonly limit: number },
): Promise<readonly ManifestRecord[]> {
  const period = after === undefined ? undefined : firstDay(after.month);
  const rows = await registry.archiveManifest.findMany({
    where: {
      source,
      ...(after === undefined || period === undefined
        ? {}
        : { OR: [{ period: { gt: period } }, { period, sequence: { gt: after.sequence } }] }),
    },
    orderBy: [{ period: 'asc' }, { sequence: 'asc' }],
    take: limit,
  });
  return rows.map(toManifest);
}

/** Every source that has a manifest. */
export async function listManifestSources(registry: Registry): Promise<readonly string[]> {
  const rows = await registry.archiveManifest.findMany({
    distinct: ['source'],
    select: { source: true },
    orderBy: { source: 'asc' },
  });
  return rows.map(({ source }) => source);
}

function toManifest(row: Prisma.ArchiveManifestGetPayload<object>): ManifestRecord {
  return {
    ...row,
    id: safeInteger(row.id),
    month: day(row.period).slice(0, 7),
    lockMode: row.lockMode as LockMode,
    encryption: row.encryption as unknown as Encryption,
  };
}
