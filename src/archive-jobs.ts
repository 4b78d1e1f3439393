import type { ArchiveConfiguration } from './archive/configuration.ts';
import type { ArchiveContext } from './archive/context.ts';
import { proveExpiry } from './archive/expiry/prove-expiry.ts';
import { reconcileHolds } from './archive/holds/reconcile-holds.ts';
import { listStored } from './archive/policy/apply-policies.ts';
import { dropUndoTables } from './archive/purge/drop-undo-tables.ts';
import { pollRestores } from './archive/restore/poll-restores.ts';
import { runArchive } from './archive/run/run-archive.ts';
import { takeStatistics } from './archive/status/take-statistics.ts';
import { validateArchive } from './archive/validate/validate-archive.ts';

/** Something that happens by the clock: croner itself is in jobs.ts. */
export interface Job {
  readonly name: string;
  /** Five or six fields, UTC. */
  readonly pattern: string;
  readonly work: () => Promise<unknown>;
}

export interface ArchiveJobOptions {
  readonly archive: ArchiveContext;
  readonly signal: AbortSignal;
}

/** Patterns of what happens by itself, as configured. */
export type ArchiveSchedules = ArchiveConfiguration['schedules'];

const dropUndoPattern = '25 * * * *';
/** What is archived under a hold has its own lock already: the legal hold may follow within the hour. */
const holdsPattern = '5,20,35,50 * * * *';

/** Those that are always there. */
export function archiveJobs({ archive, signal }: ArchiveJobOptions, schedules: ArchiveSchedules): readonly Job[] {
  const validation = { selection: {}, level: 'sample', trigger: 'schedule', actor: 'job:validate', signal } as const;
  return [
    { name: 'drop undo tables', pattern: dropUndoPattern, work: () => dropUndoTables(archive, 'job:undo') },
    { name: 'reconcile legal holds', pattern: holdsPattern, work: () => reconcileHolds(archive, { signal }) },
    { name: 'poll restores', pattern: schedules.restore, work: () => pollRestores(archive, signal) },
    { name: 'validate archive', pattern: schedules.validate, work: () => validateArchive(archive, validation) },
    {
      name: 'prove expiry',
      pattern: schedules.expiry,
      work: () => proveExpiry(archive, { actor: 'job:expiry', signal }),
    },
    { name: 'archive statistics', pattern: schedules.statistics, work: () => takeStatistics(archive) },
  ];
}

/** One a source and schedule: the policies that share both are one run. */
export async function scheduledRuns({ archive, signal }: ArchiveJobOptions): Promise<readonly Job[]> {
  const policies = (await listStored(archive.registry)).map(({ policy }) => policy).filter(({ enabled }) => enabled);
  const groups = Map.groupBy(policies, ({ source, schedule }) => JSON.stringify([source, schedule]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { source, schedule: pattern } = first;
    const filter = { policies: group.map(({ name }) => name) };
    const run = { source, filter, trigger: 'schedule', actor: 'job:archive', signal } as const;
    return { name: `archive ${source} (${filter.policies.join(', ')})`, pattern, work: () => runArchive(archive, run) };
  });
}
