import { Cron } from 'croner';
import pLimit from 'p-limit';
import type { ArchiveContext } from './archive/context.ts';
import { type ArchiveSchedules, archiveJobs, type Job, scheduledRuns } from './archive-jobs.ts';
import { AppError, toAppError } from './errors.ts';
import type { IngestContext } from './ingest/context.ts';
import { discoverExport } from './ingest/discover/discover-export.ts';
import { dropSuperseded } from './ingest/publish/drop-superseded.ts';
import { reconcile } from './ingest/work/reconcile.ts';
import { waitFor } from './ingest/work/wait-for.ts';
import { listScheduled, type ScheduledExport } from './registry/export/list-scheduled.ts';
import { toRegistryError } from './registry/registry-error.ts';

export interface JobOptions {
  readonly context: IngestContext;
  /** Absent: there is no archive. */
  readonly archive?: { readonly context: ArchiveContext; readonly schedules: ArchiveSchedules } | undefined;
  readonly signal: AbortSignal;
  /** Each scheduled run begins up to this much later, so that ten thousand exports do not begin in one second. */
  readonly jitterSeconds: number;
}

/** Discoveries that run at the same time: what one process can list without hurting its workers. */
const maxParallelDiscoveries = 8;

/** How often the list of exports is compared with the jobs that run. */
const refreshPattern = '*/30 * * * * *';
const reconcilePattern = '15 * * * * *';
const dropPattern = '40 * * * *';

/** @throws AppError BAD_INPUT when croner does not understand the pattern */
export function checkSchedule(pattern: string): void {
  try {
    new Cron(pattern, { paused: true, timezone: 'UTC' }).stop();
  } catch (cause) {
    throw new AppError(
      'BAD_INPUT',
      `schedule ${JSON.stringify(pattern)} is no cron pattern: write five fields, such as "17 */4 * * *" (UTC)`,
      {
        cause,
      },
    );
  }
}

/** When a pattern's next time after `from` comes; null: never again. */
export function nextRun(pattern: string, from: Date): Date | null {
  return new Cron(pattern, { paused: true, timezone: 'UTC' }).nextRun(from);
}

export interface RunningJobs {
  /** After the signal: when the jobs under way have ended. */
  settled(): Promise<void>;
}

/** Starts everything that happens by the clock; ends with the signal. A job never overlaps itself. */
export function startJobs(settings: JobOptions): RunningJobs {
  const running = new Set<Promise<void>>();
  const options = { ...settings, running, discoveries: pLimit(maxParallelDiscoveries) };
  const { context, archive, signal } = options;
  const exportJobs: Running<number> = new Map();
  const archiveRuns: Running<string> = new Map();
  const jobs = [
    job('refresh exports', refreshPattern, options, () => refreshExports(exportJobs, options)),
    job('reconcile', reconcilePattern, options, () => reconcile(context)),
    job('drop superseded deliveries', dropPattern, options, () => dropSuperseded(context, 'job:drop')),
  ];
  if (archive !== undefined) {
    const scope = { archive: archive.context, signal };
    const refresh = () => refreshRuns(archiveRuns, scope, options);
    jobs.push(job('refresh archive policies', refreshPattern, options, refresh));
    for (const one of archiveJobs(scope, archive.schedules)) jobs.push(job(one.name, one.pattern, options, one.work));
    void refresh().catch(() => undefined);
  }
  void jobs[0]?.trigger();
  signal.addEventListener('abort', () => {
    const byPlan = [...exportJobs.values(), ...archiveRuns.values()].map((entry) => entry.cron);
    for (const cron of [...jobs, ...byPlan]) cron.stop();
  });
  return { settled: async () => void (await Promise.all(running)) };
}

/** Jobs that come and go with what they are for. */
type Running<Key> = Map<Key, { readonly pattern: string; readonly cron: Cron }>;

interface JobContext extends JobOptions {
  readonly running: Set<Promise<void>>;
  readonly discoveries: ReturnType<typeof pLimit>;
}

function job(name: string, pattern: string, options: JobContext, work: () => Promise<unknown>): Cron {
  const { running } = options;
  return new Cron(pattern, { timezone: 'UTC', protect: true, unref: true }, async () => {
    const run = runJob(name, options, work);
    running.add(run);
    await run;
    running.delete(run);
  });
}

/** Never throws: a job that failed says so, and its next time comes. */
async function runJob(name: string, { context, signal }: JobOptions, work: () => Promise<unknown>): Promise<void> {
  if (signal.aborted) return;
  try {
    await work();
  } catch (error) {
    if (signal.aborted) return;
    const failure = toAppError(toRegistryError(error));
    context.log.error({ job: name, code: failure.code, err: failure.message }, 'job failed');
  }
}

async function refreshExports(running: Running<number>, options: JobContext): Promise<void> {
  const wanted = new Map((await listScheduled(options.context.registry)).map((entry) => [entry.id, entry]));
  for (const [id, { pattern, cron }] of running) {
    if (wanted.get(id)?.schedule === pattern) continue;
    cron.stop();
    running.delete(id);
  }
  for (const entry of wanted.values()) {
    if (!running.has(entry.id))
      running.set(entry.id, { pattern: entry.schedule, cron: scheduleExport(entry, options) });
  }
}

function scheduleExport({ id, name, client, schedule }: ScheduledExport, options: JobContext): Cron {
  const { context, signal, jitterSeconds, discoveries } = options;
  return job(`discover ${client}/${name}`, schedule, options, async () => {
    await waitFor(Math.random() * jitterSeconds, signal);
    await discoveries(async () => {
      if (signal.aborted) return;
      await discoverExport(context, { exportId: id, trigger: 'schedule', actor: 'job:discover', signal });
    });
  });
}

/** What a run does is in its name: other policies are another job. */
async function refreshRuns(
  running: Running<string>,
  archive: { readonly archive: ArchiveContext; readonly signal: AbortSignal },
  options: JobContext,
): Promise<void> {
  const wanted = new Map((await scheduledRuns(archive)).map((one): [string, Job] => [one.name, one]));
  for (const [name, { pattern, cron }] of running) {
    if (wanted.get(name)?.pattern === pattern) continue;
    cron.stop();
    running.delete(name);
  }
  for (const { name, pattern, work } of wanted.values()) {
    if (!running.has(name)) running.set(name, { pattern, cron: job(name, pattern, options, work) });
  }
}
