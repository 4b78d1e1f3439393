import { once } from 'node:events';
import type { ArchiveOptions } from './api/context.ts';
import { startApi } from './api/server.ts';
import { bucketSettings } from './archive/bucket/bucket-settings.ts';
import { configuredBucket, openConfiguredBucket } from './archive/bucket/configured-bucket.ts';
import { applyPolicies, planPolicies } from './archive/policy/apply-policies.ts';
import { differenceLines } from './archive/policy/policy-difference.ts';
import { AppError } from './errors.ts';
import { reconcile } from './ingest/work/reconcile.ts';
import { runWorkers } from './ingest/work/run-workers.ts';
import { checkSchedule, type JobOptions, startJobs } from './jobs.ts';
import type { Resources } from './resources.ts';

/** `all` is the service; `workers` only loads files, beside a service on this or another machine. */
export type ServicePart = 'all' | 'workers';

export interface ServiceOptions {
  readonly part: ServicePart;
  readonly signal: AbortSignal;
  /** Told the API's address once it answers. */
  readonly onListening?: (url: string) => void;
}

/**
 * Runs until the signal, then gives back the files under way and closes the API. Closing the resources is the caller's.
 * @throws AppError BAD_CONFIG when the API's port can't be had, or there is nothing to do
 */
export async function runService(resources: Resources, { part, signal, onListening }: ServiceOptions): Promise<void> {
  const { config, ingest, log } = resources;
  if (part === 'workers' && config.service.workers === 0) {
    throw new AppError('BAD_CONFIG', 'service.workers (BILLVAULT_WORKERS) is 0: this worker would do nothing');
  }
  await reconcile(ingest);
  if (part === 'all') await applyDeclaredPolicies(resources);
  const api =
    part === 'all'
      ? await startApi({ ingest, archive: archiveOptions(resources), settings: config.api, signal })
      : undefined;
  if (api !== undefined) {
    log.info({ url: api.url }, `the API listens on ${api.url}`);
    onListening?.(api.url);
  }
  const { scheduleJitterSeconds: jitterSeconds } = config.ingest;
  const { leaseSeconds } = config.service;
  const archive = scheduledArchive(resources);
  const jobs =
    part === 'all' ? startJobs({ context: ingest, archive, signal, jitterSeconds, leaseSeconds }) : undefined;
  log.info({ workers: config.service.workers }, 'workers started');
  try {
    await Promise.all([untilStopped(signal), runWorkers(ingest, { count: config.service.workers, signal })]);
    log.info('stopped: files under way were given back');
  } finally {
    await api?.close();
    await jobs?.settled();
  }
}

function scheduledArchive({ archive, config }: Resources): JobOptions['archive'] {
  const schedules = config.archive?.schedules;
  return archive === undefined || schedules === undefined ? undefined : { context: archive, schedules };
}

/** The policies of billvault.yaml take effect with the start; what that changes is said first. */
async function applyDeclaredPolicies({ archive, config, log }: Resources): Promise<void> {
  if (archive === undefined) return;
  const wanted = config.archive?.policies ?? [];
  for (const { schedule } of wanted) checkSchedule(schedule);
  for (const pattern of Object.values<string>(config.archive?.schedules ?? {})) checkSchedule(pattern);
  for (const line of differenceLines(await planPolicies(archive, wanted))) log.info(`policies: ${line}`);
  await applyPolicies(archive.registry, { wanted, actor: 'service' });
}

/** What the API's routes of the archive are given. */
function archiveOptions({ archive: context, config }: Resources): ArchiveOptions | undefined {
  const { archive: configured } = config;
  if (context === undefined || configured === undefined) return undefined;
  const { stsEndpoint, sessionSeconds } = config.aws;
  return {
    context,
    declaredPolicies: configured.policies,
    bucket: bucketSettings({
      context,
      destination: configuredBucket(configured),
      openAdmin: () => openConfiguredBucket(configured, { stsEndpoint, sessionSeconds }),
    }),
  };
}

async function untilStopped(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
