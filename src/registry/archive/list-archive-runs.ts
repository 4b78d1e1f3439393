import { AppError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { instant, instantOrNull } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import type { RunTrigger } from '../run/ingest-run.ts';
import { safeInteger } from '../safe-integer.ts';

export interface ArchiveRunRecord {
  readonly id: number;
  readonly source: string;
  readonly trigger: RunTrigger;
  readonly actor: string;
  readonly startedAt: string;
  /** Null while it goes on (or since its process died). */
  readonly finishedAt: string | null;
  /** As src/archive/run/outcome.ts counts them; null until it has finished. */
  readonly counts: Readonly<Record<string, number>> | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
}

/** Newest first; a page. */
export async function listArchiveRuns(
  registry: Registry,
  { source }: { readonly source?: string | undefined },
  { limit, cursor }: Page,
): Promise<readonly ArchiveRunRecord[]> {
  const runs = await registry.archiveRun.findMany({
    where: {
      ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      ...(source === undefined ? {} : { source }),
    },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return runs.map(toRun);
}

/** @throws AppError NOT_FOUND */
export async function findArchiveRun(registry: Registry, id: number): Promise<ArchiveRunRecord> {
  const run = await registry.archiveRun.findUnique({ where: { id } });
  if (run === null) throw new AppError('NOT_FOUND', `there is no archive run ${id}`);
  return toRun(run);
}

function toRun(row: Prisma.ArchiveRunGetPayload<object>): ArchiveRunRecord {
  return {
    ...row,
    id: safeInteger(row.id),
    startedAt: instant(row.startedAt),
    finishedAt: instantOrNull(row.finishedAt),
    counts: row.counts as unknown as ArchiveRunRecord['counts'],
  };
}
