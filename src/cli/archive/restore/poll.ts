import type { Command } from 'commander';
import type { RestoreProgress } from '../../../archive/restore/advance-restore.ts';
import { pollRestores } from '../../../archive/restore/poll-restores.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { type Column, table } from '../../output/table.ts';
import { withArchive } from '../with-archive.ts';

export function restorePoll(cli: Cli): Command {
  return newCommand({
    name: 'poll',
    summary: 'take every open restore as far as it gets now, as the service does by schedule',
    examples: ['archive restore poll'],
  }).action(async (options: PrintOptions) => {
    const { signal } = cli.io;
    const polled = [...(await withArchive(cli, (archive) => pollRestores(archive, signal)))].map(toPolled);
    cli.print(options, polled, () => (polled.length === 0 ? 'no restore is open' : table(columns, polled)));
    const failed = polled.find(({ failure }) => failure !== null);
    if (failed?.failure) throw failed.failure;
  });
}

function toPolled([restoreId, progress]: readonly [number, RestoreProgress]) {
  const { kind } = progress;
  const why = kind === 'waiting' ? progress.why : kind === 'failed' ? progress.failure.message : null;
  return { restoreId, kind, why, failure: kind === 'failed' ? progress.failure : null };
}

const columns: readonly Column<ReturnType<typeof toPolled>>[] = [
  { title: 'restore', align: 'right', of: ({ restoreId }) => String(restoreId) },
  { title: 'now', of: ({ kind }) => kind },
  { title: 'why', of: ({ why }) => why },
];
