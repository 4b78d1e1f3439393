import type { ArchiveContext } from './archive/context.ts';
import { listStored } from './archive/policy/apply-policies.ts';
import { dropUndoTables } from './archive/purge/drop-undo-tables.ts';
import { runArchive } from './archive/run/run-archive.ts';

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

const dropUndoPattern = '25 * * * *';

/** Those that are always there. */
export function archiveJobs({ archive }: ArchiveJobOptions): readonly Job[] {
  return [{ name: 'drop undo tables', pattern: dropUndoPattern, work: () => dropUndoTables(archive, 'job:undo') }];
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
