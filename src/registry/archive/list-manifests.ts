import { AppError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import type { ManifestState } from '../generated/enums.ts';
import { day, instant, instantOrNull } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import { firstDay } from './begin-unit.ts';
import type { LockMode } from './unit-record.ts';

/** A manifest without its body, which may be large. */
export interface ManifestSummary {
  readonly id: number;
  readonly source: string;
  /** Position in the source's chain, from 1. */
  readonly sequence: number;
  /** `2026-01`. */
  readonly month: string;
  readonly state: ManifestState;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly sha256: string;
  readonly previousSha256: string | null;
  readonly lockMode: LockMode;
  readonly retainUntil: string;
  readonly legalHold: boolean;
  readonly createdAt: string;
  readonly storedAt: string | null;
}

export interface ManifestFilter {
  readonly source?: string | undefined;
  /** First and last month. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Newest first; a page. */
export async function listManifestSummaries(
  registry: Registry,
  { source, from, to }: ManifestFilter,
  { limit, cursor }: Page,
): Promise<readonly ManifestSummary[]> {
  const rows = await registry.archiveManifest.findMany({
    where: {
      ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      ...(source === undefined ? {} : { source }),
      period: {
        ...(from === undefined ? {} : { gte: firstDay(from) }),
        ...(to === undefined ? {} : { lte: firstDay(to) }),
      },
    },
    omit: { body: true },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map(toSummary);
}

/**
 * With its body: the exact text that is stored.
 * @throws AppError NOT_FOUND
 */
export async function findManifest(
  registry: Registry,
  { source, sequence }: Pick<ManifestSummary, 'source' | 'sequence'>,
): Promise<ManifestSummary & { readonly body: string }> {
  const row = await registry.archiveManifest.findUnique({ where: { source_sequence: { source, sequence } } });
  if (row === null) throw new AppError('NOT_FOUND', `the chain of ${source} has no manifest ${sequence}`);
  return { ...toSummary(row), body: row.body };
}

/** Sources with a chain, in order. */
export async function listChains(registry: Registry): Promise<readonly string[]> {
  const rows = await registry.archiveManifest.findMany({
    distinct: ['source'],
    select: { source: true },
    orderBy: { source: 'asc' },
  });
  return rows.map(({ source }) => source);
}

function toSummary(row: Omit<Prisma.ArchiveManifestGetPayload<object>, 'body'>): ManifestSummary {
  const { id, source, sequence, state, bucket, key, versionId, sha256, previousSha256, legalHold } = row;
  return {
    id: safeInteger(id),
    source,
    sequence,
    month: day(row.period).slice(0, 7),
    state,
    bucket,
    key,
    versionId,
    sha256,
    previousSha256,
    lockMode: row.lockMode as LockMode,
    retainUntil: instant(row.retainUntil),
    legalHold,
    createdAt: instant(row.createdAt),
    storedAt: instantOrNull(row.storedAt),
  };
}
