import type { Command } from 'commander';
import { cancelRestore } from '../../../registry/archive/restore.ts';
import { showRestore } from '../../../registry/archive/show-restore.ts';
import { parseId } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { withArchive } from '../with-archive.ts';
import { restoreText } from './restore-text.ts';

export function restoreCancel(cli: Cli): Command {
  return newCommand({
    name: 'cancel',
    summary: 'go on no further with a restore; what came back stays',
    examples: ['archive restore cancel 5'],
  })
    .argument('<id>', 'number of the restore', parseId)
    .action(async (id: number, options: PrintOptions) => {
      const { actor } = cli;
      const restore = await withArchive(cli, async ({ registry }) => {
        await cancelRestore(registry, { id, actor });
        return showRestore(registry, id);
      });
      cli.print(options, restore, () => restoreText(restore));
    });
}
