import { checkBucketName } from '../../aws/bucket-name.ts';
import { AppError } from '../../errors.ts';
import { findClient } from '../../registry/client/find-client.ts';
import { readDatabaseTime } from '../../registry/database-time.ts';
import type { Export } from '../../registry/generated/client.ts';
import { chooseRole } from '../../registry/role/choose-role.ts';
import { finishRun, type RunTrigger, startRun } from '../../registry/run/ingest-run.ts';
import type { IngestContext } from '../context.ts';
import { planFilesListing, planListing } from './discover-listing.ts';
import { listObjects } from './list-objects.ts';
import { parsePeriod } from './period.ts';
import { periodsWanted } from './periods-wanted.ts';
import { registerPlan } from './register-plan.ts';
import type { DiscoveryWarning } from './warning.ts';

export interface PrefixDiscovery {
  readonly client: string;
  /** May be left out where the client has one role. */
  readonly roleArn?: string | undefined;
  readonly bucket: string;
  /** Exactly as in the keys: never trimmed, empty for the whole bucket. */
  readonly prefix: string;
  /** First month wanted, `2024-01`; without it the current month and those not settled yet. */
  readonly from?: string | undefined;
  /** `files`: take what lies there as it is, without manifests. */
  readonly kind?: 'files' | undefined;
  readonly trigger: RunTrigger;
  readonly actor: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PrefixDiscoverySummary {
  readonly exports: readonly Export[];
  readonly objectsListed: number;
  readonly manifestsRead: number;
  readonly deliveriesFound: number;
  readonly filesRegistered: number;
  readonly warnings: readonly DiscoveryWarning[];
}

/**
 * Finds every export under a prefix of a client's bucket and registers it, with its deliveries and files.
 * @throws AppError NOT_FOUND, BAD_INPUT, or whatever the access to the bucket ends with
 */
export async function discoverPrefix(
  context: IngestContext,
  request: PrefixDiscovery,
): Promise<PrefixDiscoverySummary> {
  checkBucketName(request.bucket);
  const from = parseFrom(request.from);
  const client = await findClient(context.registry, request.client);
  const role = await chooseRole(context.registry, client, request.roleArn);
  await using reader = context.aws.openReader({
    role,
    bucket: request.bucket,
    prefix: request.prefix,
    client: client.name,
    job: 'discover',
  });
  const listedAt = await readDatabaseTime(context.registry);
  const { settleDays } = context.settings;
  const periods = periodsWanted({ now: context.now(), settleDays, from, lastDiscoveredAt: undefined });
  const objects = await listObjects(reader, [request.prefix], request.signal);
  const listing = { clientId: client.id, objects, periods };
  const { plan, manifestsRead } =
    request.kind === 'files'
      ? { plan: planFilesListing(request.bucket, { ...listing, prefix: request.prefix }), manifestsRead: 0 }
      : await planListing(context, reader, listing, request.signal);
  const registered = await registerPlan(
    context,
    {
      clientId: client.id,
      clientName: client.name,
      roleId: role.id,
      bucketRegion: reader.bucketRegion,
      fromPeriod: from ?? null,
      listedAt,
      actor: request.actor,
    },
    plan,
  );
  const counts = {
    objectsListed: objects.length,
    manifestsRead,
    deliveriesFound: registered.deliveriesFound,
    filesRegistered: registered.filesRegistered,
  };
  for (const { id } of registered.exports) {
    await finishRun(context.registry, await startRun(context.registry, id, request.trigger), counts);
    await context.registry.export.update({ where: { id }, data: { discoveredAt: listedAt } });
  }
  return { ...counts, exports: registered.exports, warnings: plan.warnings };
}

export function parseFrom(from: string | undefined): string | undefined {
  if (from === undefined) return undefined;
  const period = parsePeriod(from);
  if (period === undefined)
    throw new AppError('BAD_INPUT', `from ${JSON.stringify(from)}: give a month, such as 2024-01`);
  return period.start;
}
