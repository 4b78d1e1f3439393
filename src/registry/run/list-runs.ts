import { AppError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { instant, instantOrNull } from '../instant.ts';
import type { Page } from '../page.ts';
import type { Registry } from '../registry.ts';
import { safeInteger } from '../safe-integer.ts';
import type { RunTrigger } from './ingest-run.ts';

export interface RunSummary {
  readonly id: number;
  readonly client: string;
  readonly export: string;
  readonly trigger: RunTrigger;
  readonly startedAt: string;
  /** Null while it goes on (or since its process died). */
  readonly finishedAt: string | null;
  readonly objectsListed: number;
  readonly manifestsRead: number;
  readonly deliveriesFound: number;
  readonly filesRegistered: number;
  readonly errorCode: string | null;
  readonly errorText: string | null;
}

export interface RunFilter {
  readonly client?: string | undefined;
  readonly export?: string | undefined;
}

const include = { export: { include: { client: true } } } as const;
type StoredRun = Prisma.IngestRunGetPayload<{ include: typeof include }>;

/** Newest first. */
export async function listRuns(
  registry: Registry,
  filter: RunFilter,
  { limit, cursor }: Page,
): Promise<readonly RunSummary[]> {
  const runs = await registry.ingestRun.findMany({
    where: {
      ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      export: {
        ...(filter.export === undefined ? {} : { name: filter.export }),
        ...(filter.client === undefined ? {} : { client: { name: filter.client } }),
      },
    },
    include,
    orderBy: { id: 'desc' },
    take: limit,
  });
  return runs.map(summaryOf);
}

/** @throws AppError NOT_FOUND */
export async function findRun(registry: Registry, id: number): Promise<RunSummary> {
  const run = await registry.ingestRun.findUnique({ where: { id }, include });
  if (run === null) throw new AppError('NOT_FOUND', `there is no run ${id}`);
  return summaryOf(run);
}

function summaryOf(run: StoredRun): RunSummary {
  const { trigger, objectsListed, manifestsRead, deliveriesFound, filesRegistered, errorCode, errorText } = run;
  return {
    id: safeInteger(run.id),
    client: run.export.client.name,
    export: run.export.name,
    trigger,
    startedAt: instant(run.startedAt),
    finishedAt: instantOrNull(run.finishedAt),
    objectsListed,
    manifestsRead,
    deliveriesFound,
    filesRegistered,
    errorCode,
    errorText,
  };
}
