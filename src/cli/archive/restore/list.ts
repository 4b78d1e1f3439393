import type { Command } from 'commander';
import { listRestores, type RestoreRecord } from '../../../registry/archive/restore.ts';
import { allPages } from '../../all-pages.ts';
import { parseWhole } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { defaultLimit, limitRange } from '../../limit.ts';
import { count, time } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';
import { withArchive } from '../with-archive.ts';
import { partsText, restoredRows } from './restore-text.ts';

interface Options extends PrintOptions {
  readonly limit: number;
}

const columns: readonly Column<RestoreRecord>[] = [
  { title: 'restore', align: 'right', of: ({ id }) => String(id) },
  { title: 'of', of: ({ source }) => source },
  { title: 'into', of: ({ targetKey }) => targetKey },
  { title: 'state', of: ({ state }) => state },
  { title: 'parts', align: 'right', of: partsText },
  { title: 'rows', align: 'right', of: (restore) => count(restoredRows(restore)) },
  { title: 'asked for (UTC)', of: ({ createdAt }) => time(createdAt.toISOString()) },
  { title: 'by', of: ({ requestedBy }) => requestedBy },
  { title: 'error', of: ({ errorCode }) => errorCode },
];

export function restoreList(cli: Cli): Command {
  return newCommand({ name: 'list', summary: 'list restores, newest first', examples: ['archive restore list'] })
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .action(async ({ limit, ...options }: Options) => {
      const restores = await withArchive(cli, ({ registry }) =>
        allPages((page) => listRestores(registry, page), limit),
      );
      cli.print(options, restores, () => (restores.length === 0 ? 'no restores yet' : table(columns, restores)));
    });
}
