import type { Command } from 'commander';
import { reconcileHolds } from '../../../archive/holds/reconcile-holds.ts';
import { AppError } from '../../../errors.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { requireSource } from '../require-source.ts';
import { withArchive } from '../with-archive.ts';
import { reconciliationText } from './hold-text.ts';

interface Options extends PrintOptions {
  readonly source?: string;
}

export function holdReconcile(cli: Cli): Command {
  return newCommand({
    name: 'reconcile',
    summary: 'make the legal holds on the objects those that are in force',
    description:
      'Puts legal holds on the objects that are to have one, takes them off the others, and releases holds whose date has come; the service does so by itself. Ends with 6 when an object could not be changed.',
    examples: ['archive hold reconcile'],
  })
    .option('--source <source>', 'only of this source database')
    .action(async ({ source, ...options }: Options) => {
      const { signal } = cli.io;
      const reconciled = await withArchive(cli, (archive) => {
        requireSource(archive, source);
        return reconcileHolds(archive, { source, signal });
      });
      cli.print(options, reconciled, () => reconciliationText(reconciled));
      const { failed } = reconciled;
      if (failed > 0) throw new AppError('FILES_FAILED', `the legal holds of ${failed} objects could not be changed`);
    });
}
