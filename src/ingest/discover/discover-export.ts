import { toAppError } from '../../errors.ts';
import { readDatabaseTime } from '../../registry/database-time.ts';
import { type ExportKind, fromStoredKind } from '../../registry/export/export-kind.ts';
import { type FoundExport, findExport } from '../../registry/export/find-export.ts';
import { toRegistryError } from '../../registry/registry-error.ts';
import { failRun, finishRun, type RunCounts, type RunTrigger, startRun } from '../../registry/run/ingest-run.ts';
import type { IngestContext } from '../context.ts';
import { planFilesListing, planListing } from './discover-listing.ts';
import { parseFrom } from './discover-prefix.ts';
import { periodPrefixes, timelessManifestKeys } from './layout.ts';
import { listObjects } from './list-objects.ts';
import type { BillingPeriod } from './period.ts';
import { periodsWanted } from './periods-wanted.ts';
import { registerPlan } from './register-plan.ts';

/** Up to this many months are listed month by month; beyond, one listing of the whole export is less work. */
const maxPeriodsListedApart = 6;

export interface ExportDiscovery {
  readonly exportId: number;
  /** Also everything since this month, `2024-01`. */
  readonly from?: string | undefined;
  readonly trigger: RunTrigger;
  readonly actor: string;
  readonly signal?: AbortSignal | undefined;
  /** Told the number of the run as soon as there is one, for callers that do not wait for its end. */
  readonly onStarted?: ((runId: number) => void) | undefined;
}

export interface ExportDiscoverySummary extends RunCounts {
  readonly runId: number;
}

/**
 * Looks for new deliveries of one known export. When nothing changed it lists and reads nothing else.
 * @throws AppError NOT_FOUND, or whatever the access to the bucket ends with; the run's record says so too
 */
export async function discoverExport(
  context: IngestContext,
  request: ExportDiscovery,
): Promise<ExportDiscoverySummary> {
  const found = await findExport(context.registry, { id: request.exportId });
  const runId = await startRun(context.registry, found.id, request.trigger);
  request.onStarted?.(runId);
  try {
    const counts = await discover(context, found, request);
    await finishRun(context.registry, runId, counts);
    return { runId, ...counts };
  } catch (error) {
    const failure = toAppError(toRegistryError(error));
    await failRun(context.registry, runId, { code: failure.code, text: failure.message });
    throw failure;
  }
}

async function discover(context: IngestContext, found: FoundExport, request: ExportDiscovery): Promise<RunCounts> {
  const from = parseFrom(request.from);
  const kind = fromStoredKind(found.kind);
  await using reader = context.aws.openReader({
    role: found.role,
    bucket: found.bucket,
    bucketRegion: found.bucketRegion ?? undefined,
    prefix: found.root,
    client: found.client.name,
    job: 'discover',
  });
  const listedAt = await readDatabaseTime(context.registry);
  const periods = periodsWanted({
    now: context.now(),
    settleDays: found.settleDays,
    from,
    lastDiscoveredAt: found.discoveredAt ?? undefined,
  });
  const objects = await listObjects(reader, prefixesOf(found, kind, periods), request.signal);
  const listing = { clientId: found.clientId, objects, periods };
  const { plan, manifestsRead } =
    kind === 'files'
      ? { plan: planFilesListing(found.bucket, { ...listing, prefix: found.root }), manifestsRead: 0 }
      : await planListing(context, reader, listing, request.signal);
  const registered = await registerPlan(
    context,
    {
      clientId: found.clientId,
      clientName: found.client.name,
      roleId: found.roleId,
      bucketRegion: reader.bucketRegion,
      fromPeriod: from ?? null,
      listedAt,
      actor: request.actor,
    },
    plan,
  );
  await context.registry.export.update({ where: { id: found.id }, data: { discoveredAt: listedAt } });
  const { deliveriesFound, filesRegistered } = registered;
  return { objectsListed: objects.length, manifestsRead, deliveriesFound, filesRegistered };
}

function prefixesOf(found: FoundExport, kind: ExportKind, periods: readonly BillingPeriod[]): readonly string[] {
  if (kind === 'files' || periods.length > maxPeriodsListedApart) return [found.root];
  const family = kind === 'cur-legacy' ? 'legacy' : 'data-export';
  const { root, sourceName } = found;
  const timeless = family === 'legacy' ? timelessManifestKeys({ root, sourceName }) : [];
  return [...timeless, ...periods.flatMap((period) => periodPrefixes({ family, root, sourceName, period }))];
}
