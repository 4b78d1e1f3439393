import type { Command } from 'commander';
import { listRestoreSummaries, type RestoreSummary } from '../../../registry/archive/show-restore.ts';
import { RestoreState } from '../../../registry/generated/enums.ts';
import { allPages } from '../../all-pages.ts';
import { parseChoice, parseWhole } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { defaultLimit, limitRange } from '../../limit.ts';
import { count, time } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';
import { requireSource } from '../require-source.ts';
import { withArchive } from '../with-archive.ts';
import { partsText } from './restore-text.ts';

interface Options extends PrintOptions {
  readonly source?: string;
  readonly state?: RestoreState;
  readonly limit: number;
}

const states = Object.values(RestoreState);

const columns: readonly Column<RestoreSummary>[] = [
  { title: 'restore', align: 'right', of: ({ id }) => String(id) },
  { title: 'of', of: ({ source }) => source },
  { title: 'into', of: ({ targetKey }) => targetKey },
  { title: 'state', of: ({ state }) => state },
  { title: 'parts', align: 'right', of: partsText },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'asked for (UTC)', of: ({ createdAt }) => time(createdAt.toISOString()) },
  { title: 'by', of: ({ requestedBy }) => requestedBy },
  { title: 'error', of: ({ errorCode }) => errorCode },
];

export function restoreList(cli: Cli): Command {
  return newCommand({
    name: 'list',
    summary: 'list restores, newest first',
    examples: ['archive restore list', 'archive restore list --state WAITING'],
  })
    .option('--source <source>', 'only of rows from this source database')
    .option('--state <state>', `only in this state: ${states.join(', ')}`, parseChoice(states))
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .action(async ({ source, state, limit, ...options }: Options) => {
      const restores = await withArchive(cli, async (archive) => {
        const found = await allPages((page) => listRestoreSummaries(archive.registry, { source, state }, page), limit);
        if (found.length === 0) requireSource(archive, source);
        return found;
      });
      cli.print(options, restores, () => (restores.length === 0 ? 'no restores found' : table(columns, restores)));
    });
}
