import { Cron } from 'croner';
import pLimit from 'p-limit';
import type { ArchiveContext } from './archive/context.ts';
import { type ArchiveSchedules, archiveJobs, type Job, ownArchiveJobs, scheduledRuns } from './archive-jobs.ts';
import { AppError, toAppError } from './errors.ts';
import type { IngestContext } from './ingest/context.ts';
import { discoverExport } from './ingest/discover/discover-export.ts';
import { dropSuperseded } from './ingest/publish/drop-superseded.ts';
import { reconcile } from './ingest/work/reconcile.ts';
import { waitFor } from './ingest/work/wait-for.ts';
import { listScheduled, type ScheduledExport } from './registry/export/list-scheduled.ts';
import { toRegistryError } from './registry/registry-error.ts';
import { runTick, type Service, type TickWork, takeOverAbandoned } from './run-tick.ts';

export interface JobOptions {
  readonly context: IngestContext;
  /** Absent: there is no archive. */
  readonly archive?: { readonly context: ArchiveContext; readonly schedules: ArchiveSchedules } | undefined;
  readonly signal: AbortSignal;
  /** Each scheduled run begins up to this much later, so that ten thousand exports do not begin in one second. */
  readonly jitterSeconds: number;
  /** How soon the job of a service that was killed may be another's. */
  readonly leaseSeconds: number;
}

/** Discoveries that run at the same time: what one process can list without hurting its workers. */
const maxParallelDiscoveries = 8;

/** How often the list of exports is compared with the jobs that run. */
const refreshPattern = '*/30 * * * * *';
const reconcilePattern = '15 * * * * *';
const dropPattern = '40 * * * *';
/** How often the jobs of services that are gone are looked for. */
const takeOverPattern = '*/15 * * * * *';

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

/**
 * Starts everything that happens by the clock; ends with the signal. Of all services that share the registry one does what is
 * due, and a job never overlaps itself.
 */
export function startJobs(settings: JobOptions): RunningJobs {
  const { context, archive, signal, leaseSeconds } = settings;
  const { registry, log } = context;
  const options: JobContext = {
    ...settings,
    service: { registry, log, leaseSeconds, signal },
    running: new Set(),
    works: new Map(),
    discoveries: pLimit(maxParallelDiscoveries),
  };
  const exportJobs: Running<number> = new Map();
  const archiveRuns: Running<string> = new Map();
  // What every service does for itself.
  const jobs = [
    everywhere('refresh exports', refreshPattern, options, () => refreshExports(exportJobs, options)),
    everywhere('take over', takeOverPattern, options, () => takeOver(options)),
  ];
  const shared: Job[] = [
    { name: 'reconcile', pattern: reconcilePattern, work: () => reconcile(context) },
    { name: 'drop superseded deliveries', pattern: dropPattern, work: () => dropSuperseded(context, 'job:drop') },
  ];
  if (archive !== undefined) {
    const refresh = () => refreshRuns(archiveRuns, archive.context, options);
    const refreshing = everywhere('refresh archive policies', refreshPattern, options, refresh);
    jobs.push(refreshing);
    shared.push(...archiveJobs(archive.context, archive.schedules));
    for (const { name, pattern, work } of ownArchiveJobs(archive.context)) {
      jobs.push(everywhere(name, pattern, options, () => work(signal)));
    }
    void refreshing.trigger();
  }
  jobs.push(...shared.map((one) => once(one, options)));
  void jobs[0]?.trigger();
  signal.addEventListener('abort', () => {
    const byPlan = [...exportJobs.values(), ...archiveRuns.values()].map((entry) => entry.cron);
    for (const cron of [...jobs, ...byPlan]) cron.stop();
  });
  return { settled: async () => void (await Promise.all(options.running)) };
}

/** Jobs that come and go with what they are for. */
type Running<Key> = Map<Key, { readonly name: string; readonly pattern: string; readonly cron: Cron }>;

interface JobContext extends JobOptions {
  readonly service: Service;
  readonly running: Set<Promise<void>>;
  /** By the names of the jobs that one service does for all. */
  readonly works: Map<string, TickWork>;
  readonly discoveries: ReturnType<typeof pLimit>;
}

/** A job of every service, each for itself. */
function everywhere(name: string, pattern: string, options: JobContext, work: () => Promise<unknown>): Cron {
  return new Cron(pattern, { timezone: 'UTC', protect: true, unref: true }, () => track(name, options, work));
}

/** A job of one service, for all; `begin` decides when this one asks whether it is to do it. */
function once(
  { name, pattern, work }: Job,
  options: JobContext,
  begin: (ask: () => Promise<void>) => Promise<unknown> = (ask) => ask(),
): Cron {
  options.works.set(name, work);
  return everywhere(name, pattern, options, () => {
    const tick = { job: name, dueAt: lastDue(pattern, new Date()) };
    return begin(() => runTick(options.service, tick, work));
  });
}

/** When a pattern's time last came, at `now` or before: what services call it by, however late or early each of them is. */
function lastDue(pattern: string, now: Date): Date {
  const justAfter = new Date(now.getTime() + 1);
  const [due] = new Cron(pattern, { paused: true, timezone: 'UTC' }).previousRuns(1, justAfter);
  return due ?? now;
}

async function takeOver(options: JobContext): Promise<void> {
  const abandoned = await takeOverAbandoned(options.service, (name) => options.works.get(name));
  for (const { job, run } of abandoned) void track(job, options, run);
}

async function track(name: string, options: JobContext, work: () => Promise<unknown>): Promise<void> {
  const { running } = options;
  const run = runJob(name, options, work);
  running.add(run);
  await run;
  running.delete(run);
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
  stopOthers(running, options, (id) => wanted.get(id)?.schedule);
  for (const entry of wanted.values()) {
    if (!running.has(entry.id)) running.set(entry.id, scheduleExport(entry, options));
  }
}

function stopOthers<Key>(
  running: Running<Key>,
  { works }: JobContext,
  patternOf: (key: Key) => string | undefined,
): void {
  for (const [key, { name, pattern, cron }] of running) {
    if (patternOf(key) === pattern) continue;
    cron.stop();
    works.delete(name);
    running.delete(key);
  }
}

function scheduleExport({ id, client, ...entry }: ScheduledExport, options: JobContext) {
  const { context, signal, jitterSeconds, discoveries } = options;
  const name = `discover ${client}/${entry.name}`;
  const pattern = entry.schedule;
  const work: TickWork = (stop) =>
    discoverExport(context, { exportId: id, trigger: 'schedule', actor: 'job:discover', signal: stop });
  const cron = once({ name, pattern, work }, options, async (ask) => {
    await waitFor(Math.random() * jitterSeconds, signal);
    // Asked when there is room for it: what this service has no time for is another's.
    await discoveries(async () => {
      if (!signal.aborted) await ask();
    });
  });
  return { name, pattern, cron };
}

/** What a run is for is in its name: another schedule is another job. */
async function refreshRuns(running: Running<string>, archive: ArchiveContext, options: JobContext): Promise<void> {
  const wanted = new Map((await scheduledRuns(archive)).map((one): [string, Job] => [one.name, one]));
  stopOthers(running, options, (name) => wanted.get(name)?.pattern);
  for (const one of wanted.values()) {
    const { name, pattern } = one;
    if (!running.has(name)) running.set(name, { name, pattern, cron: once(one, options) });
  }
}
