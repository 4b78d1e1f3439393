import type { Command } from 'commander';
import { showRestore } from '../../../registry/archive/show-restore.ts';
import { parseId } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { withArchive } from '../with-archive.ts';
import { restoreText } from './restore-text.ts';

export function restoreShow(cli: Cli): Command {
  return newCommand({
    name: 'show',
    summary: 'show a restore in full: what it waits for, what came back',
    examples: ['archive restore show 5'],
  })
    .argument('<id>', 'number of the restore', parseId)
    .action(async (id: number, options: PrintOptions) => {
      const restore = await withArchive(cli, ({ registry }) => showRestore(registry, id));
      cli.print(options, restore, () => restoreText(restore));
    });
}
