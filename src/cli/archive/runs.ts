import type { Command } from 'commander';
import { type ArchiveRunRecord, listArchiveRuns } from '../../registry/archive/list-archive-runs.ts';
import { allPages } from '../all-pages.ts';
import { parseWhole } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { defaultLimit, limitRange } from '../limit.ts';
import { count, time } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';
import { requireSource } from './require-source.ts';
import { withArchive } from './with-archive.ts';

interface Options extends PrintOptions {
  readonly source?: string;
  readonly limit: number;
}

const counted = (name: string) => ({
  title: name,
  align: 'right' as const,
  of: ({ counts }: ArchiveRunRecord) => count(counts?.[name] ?? null),
});

const columns: readonly Column<ArchiveRunRecord>[] = [
  { title: 'run', align: 'right', of: ({ id }) => String(id) },
  { title: 'source', of: ({ source }) => source },
  { title: 'by', of: ({ trigger, actor }) => (trigger === 'manual' ? actor : trigger) },
  { title: 'started (UTC)', of: ({ startedAt }) => time(startedAt) },
  { title: 'finished (UTC)', of: ({ finishedAt }) => time(finishedAt) },
  ...['planned', 'verified', 'purged', 'waiting', 'failed'].map(counted),
  { title: 'error', of: ({ errorCode, errorText }) => (errorCode === null ? '' : `${errorCode}: ${errorText}`) },
];

export function archiveRuns(cli: Cli): Command {
  return newCommand({
    name: 'runs',
    summary: 'list the runs of the archive, newest first',
    examples: ['archive runs', 'archive runs --source ledger'],
  })
    .option('--source <source>', 'only of this source database')
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .action(async ({ source, limit, ...options }: Options) => {
      const runs = await withArchive(cli, async (archive) => {
        requireSource(archive, source);
        return allPages((page) => listArchiveRuns(archive.registry, { source }, page), limit);
      });
      cli.print(options, runs, () => (runs.length === 0 ? 'no runs yet: billvault archive run' : table(columns, runs)));
    });
}
