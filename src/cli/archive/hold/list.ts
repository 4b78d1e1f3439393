import type { Command } from 'commander';
import { type Hold, listHolds } from '../../../registry/archive/hold.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { time } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';
import { requireSource } from '../require-source.ts';
import { withArchive } from '../with-archive.ts';
import { heldText } from './hold-text.ts';

interface Options extends PrintOptions {
  readonly source?: string;
  readonly all?: boolean;
}

const columns: readonly Column<Hold>[] = [
  { title: 'hold', align: 'right', of: ({ id }) => String(id) },
  { title: 'on', of: heldText },
  { title: 'until', of: ({ until }) => until?.toISOString().slice(0, 10) ?? 'it is released' },
  { title: 'placed (UTC)', of: ({ placedAt }) => time(placedAt.toISOString()) },
  { title: 'by', of: ({ placedBy }) => placedBy },
  { title: 'why', of: ({ reason }) => reason },
  {
    title: 'released',
    of: ({ releasedAt, releasedBy, releaseReason }) =>
      releasedAt === null ? '' : `${time(releasedAt.toISOString())} by ${releasedBy}: ${releaseReason}`,
  },
];

export function holdList(cli: Cli): Command {
  return newCommand({
    name: 'list',
    summary: 'list the legal holds in force',
    examples: ['archive hold list', 'archive hold list --source ledger --all'],
  })
    .option('--source <source>', 'only of this source database')
    .option('--all', 'those that are over, too')
    .action(async ({ source, all, ...options }: Options) => {
      const holds = await withArchive(cli, async (archive) => {
        const found = await listHolds(archive.registry, { source, now: all ? undefined : archive.now() });
        if (found.length === 0) requireSource(archive, source);
        return found;
      });
      cli.print(options, holds, () => (holds.length === 0 ? 'no holds' : table(columns, holds)));
    });
}
