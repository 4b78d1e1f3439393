import type { ArchiveConfiguration } from './archive/configuration.ts';
import type { ArchiveContext } from './archive/context.ts';
import { proveExpiry } from './archive/expiry/prove-expiry.ts';
import { reconcileHolds } from './archive/holds/reconcile-holds.ts';
import { extendEndingLocks } from './archive/locks/extend-ending-locks.ts';
import { listStored } from './archive/policy/apply-policies.ts';
import type { Policy } from './archive/policy/policy.ts';
import { dropUndoTables } from './archive/purge/drop-undo-tables.ts';
import { pollRestores } from './archive/restore/poll-restores.ts';
import { goOnWithCopies } from './archive/run/go-on-with-copies.ts';
import { runArchive } from './archive/run/run-archive.ts';
import { sendOwnSpool } from './archive/run/send-spooled.ts';
import { takeStatistics } from './archive/status/take-statistics.ts';
import { validateArchive } from './archive/validate/validate-archive.ts';
import type { TickWork } from './run-tick.ts';

/** Something that happens by the clock: croner itself is in jobs.ts. */
export interface Job {
  /** The same in every service that shares the registry: one of them does it. */
  readonly name: string;
  /** Five or six fields, UTC. */
  readonly pattern: string;
  readonly work: TickWork;
}

/** Patterns of what happens by itself, as configured. */
export type ArchiveSchedules = ArchiveConfiguration['schedules'];

const dropUndoPattern = '25 * * * *';
/** What is archived under a hold has its own lock already: the legal hold may follow within the hour. */
const holdsPattern = '5,20,35,50 * * * *';
/** What is stored is locked longer as its policy says now, but not before it has to be: no lock is ever made shorter again. */
const locksPattern = '10,40 * * * *';
/** A readable copy takes hours to come, and stays for days. */
const copiesPattern = '20,50 * * * *';
const spoolPattern = '2-59/5 * * * *';

/** Those that are always there. */
export function archiveJobs(archive: ArchiveContext, schedules: ArchiveSchedules): readonly Job[] {
  const validation = { selection: {}, level: 'sample', trigger: 'schedule', actor: 'job:validate' } as const;
  return [
    { name: 'drop undo tables', pattern: dropUndoPattern, work: () => dropUndoTables(archive, 'job:undo') },
    { name: 'reconcile legal holds', pattern: holdsPattern, work: (signal) => reconcileHolds(archive, { signal }) },
    {
      name: 'extend locks',
      pattern: locksPattern,
      work: (signal) => extendEndingLocks(archive, { actor: 'job:locks', signal }),
    },
    {
      name: 'go on with copies',
      pattern: copiesPattern,
      work: (signal) => goOnWithCopies(archive, signal),
    },
    { name: 'poll restores', pattern: schedules.restore, work: (signal) => pollRestores(archive, signal) },
    {
      name: 'validate archive',
      pattern: schedules.validate,
      work: (signal) => validateArchive(archive, { ...validation, signal }),
    },
    {
      name: 'prove expiry',
      pattern: schedules.expiry,
      work: (signal) => proveExpiry(archive, { actor: 'job:expiry', signal }),
    },
    { name: 'archive statistics', pattern: schedules.statistics, work: () => takeStatistics(archive) },
  ];
}

/** Those of every service, each for itself: what waits on its disk no other can send. */
export function ownArchiveJobs(archive: ArchiveContext): readonly Job[] {
  return [{ name: 'send spooled parts', pattern: spoolPattern, work: (signal) => sendOwnSpool(archive, signal) }];
}

/** One a source and schedule: the policies that share both, as they are when it is due, are one run. */
export async function scheduledRuns(archive: ArchiveContext): Promise<readonly Job[]> {
  const groups = Map.groupBy(await enabledPolicies(archive), ({ source, schedule }) => `${source} ${schedule}`);
  return [...groups].flatMap(([group, [first]]) => {
    if (first === undefined) return [];
    const { source, schedule: pattern } = first;
    return { name: `archive ${group}`, pattern, work: (signal) => runScheduled(archive, { source, pattern, signal }) };
  });
}

interface ScheduledRun {
  readonly source: string;
  readonly pattern: string;
  readonly signal: AbortSignal;
}

async function runScheduled(archive: ArchiveContext, { source, pattern, signal }: ScheduledRun): Promise<void> {
  const due = (await enabledPolicies(archive)).filter((one) => one.source === source && one.schedule === pattern);
  const filter = { policies: due.map(({ name }) => name) };
  if (due.length === 0) return;
  await runArchive(archive, { source, filter, trigger: 'schedule', actor: 'job:archive', signal });
}

async function enabledPolicies({ registry }: ArchiveContext): Promise<readonly Policy[]> {
  return (await listStored(registry)).map(({ policy }) => policy).filter(({ enabled }) => enabled);
}
