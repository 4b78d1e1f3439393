import type { Command } from 'commander';
import { releaseHold } from '../../../archive/holds/release-hold.ts';
import { parseId } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { withArchive } from '../with-archive.ts';
import { holdOutcomeText } from './hold-text.ts';

interface Options extends PrintOptions {
  readonly reason: string;
}

export function holdRelease(cli: Cli): Command {
  return newCommand({
    name: 'release',
    summary: 'release a legal hold, with a record of who and why',
    examples: ['archive hold release 3 --reason "case 4711 is closed"'],
  })
    .argument('<id>', 'number of the hold, as in billvault archive hold list', parseId)
    .requiredOption('--reason <text>', 'why; kept with the hold')
    .action(async (id: number, { reason, ...options }: Options) => {
      const { actor } = cli;
      const { signal } = cli.io;
      const released = await withArchive(cli, (archive) => releaseHold(archive, { id, reason, actor, signal }));
      cli.print(options, released, () => holdOutcomeText(released));
    });
}
