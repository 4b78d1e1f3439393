import { AppError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { beyondEveryId, type Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger, safeIntegerOrNull } from '../safe-integer.ts';
import type { RestorePartRecord, RestorePartState, RestoreState } from './restore.ts';

/** A restore without its plan and its parts: a page of them stays small. */
export interface RestoreSummary {
  readonly id: number;
  readonly source: string;
  readonly targetKey: string;
  readonly state: RestoreState;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
  /** How many parts are in each state; one that no part is in is absent. */
  readonly parts: Readonly<Partial<Record<RestorePartState, number>>>;
  /** That were put into the target so far. */
  readonly rows: number;
}

export interface ShownRestore extends RestoreSummary {
  readonly selection: Prisma.JsonValue;
  readonly target: Prisma.JsonValue;
  /** As src/archive/restore made it. */
  readonly plan: Prisma.JsonValue;
  /** The first `maxShownParts` that are not restored or skipped yet. */
  readonly openParts: readonly Omit<RestorePartRecord, 'detail'>[];
}

export interface RestoreFilter {
  readonly source?: string | undefined;
  readonly state?: RestoreState | undefined;
}

/** Who wants to see more waits until some are done. */
const maxShownParts = 1_000;

/** Newest first; a page. */
export async function listRestoreSummaries(
  registry: Registry,
  { source, state }: RestoreFilter,
  { limit, cursor = beyondEveryId }: Page,
): Promise<readonly RestoreSummary[]> {
  const rows = await registry.archiveRestore.findMany({
    where: {
      id: { lt: cursor },
      ...(source === undefined ? {} : { source }),
      ...(state === undefined ? {} : { state }),
    },
    omit: { plan: true, selection: true, target: true },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return summariesOf(registry, rows);
}

/** @throws AppError NOT_FOUND */
export async function showRestore(registry: Registry, id: number): Promise<ShownRestore> {
  const row = await registry.archiveRestore.findUnique({ where: { id } });
  if (row === null) throw new AppError('NOT_FOUND', `there is no restore ${id}`);
  const { plan, selection, target, ...rest } = row;
  const [summary] = await summariesOf(registry, [rest]);
  if (summary === undefined) throw new AppError('NOT_FOUND', `there is no restore ${id}`);
  const parts = await registry.archiveRestorePart.findMany({
    where: { restoreId: id, state: { in: ['PENDING', 'REQUESTED', 'READY'] } },
    include: { part: { select: { unitId: true } } },
    orderBy: { partId: 'asc' },
    take: maxShownParts,
  });
  const openParts = parts.map(({ partId, part, state, requestedAt, restoredAt, rows }) => ({
    partId: safeInteger(partId),
    unitId: safeInteger(part.unitId),
    state,
    requestedAt,
    restoredAt,
    rows: safeIntegerOrNull(rows),
  }));
  return { ...summary, selection, target, plan, openParts };
}

type RestoreRow = Omit<Prisma.ArchiveRestoreGetPayload<object>, 'plan' | 'selection' | 'target'>;

async function summariesOf(registry: Registry, rows: readonly RestoreRow[]): Promise<readonly RestoreSummary[]> {
  const counts = await registry.archiveRestorePart.groupBy({
    by: ['restoreId', 'state'],
    where: { restoreId: { in: rows.map(({ id }) => id) } },
    _count: true,
    _sum: { rows: true },
  });
  const byRestore = Map.groupBy(counts, ({ restoreId }) => restoreId);
  return rows.map((row) => {
    const of = byRestore.get(row.id) ?? [];
    return {
      ...row,
      id: safeInteger(row.id),
      parts: Object.fromEntries(of.map(({ state, _count }) => [state, _count])),
      rows: safeInteger(of.reduce((sum, { _sum }) => sum + (_sum.rows ?? 0n), 0n)),
    };
  });
}
