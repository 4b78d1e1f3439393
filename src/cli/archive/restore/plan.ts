import type { Command } from 'commander';
import { planRestore } from '../../../archive/restore/plan-restore.ts';
import { AppError } from '../../../errors.ts';
import type { Cli } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { requireSource } from '../require-source.ts';
import { withArchive } from '../with-archive.ts';
import { restorePlanText, restorePlanValue } from './plan-text.ts';
import { addRequestOptions, type RequestOptions, requestOf } from './request-options.ts';

export function restorePlan(cli: Cli): Command {
  const command = newCommand({
    name: 'plan',
    summary: 'print what a restore would read, wait for and cost, and what stands in its way',
    description:
      'Prints the objects of a restore by storage class, how long cold ones take and what they cost, and how the archived tables differ from those that are to take the rows. Nothing is changed. Ends with 4 when something stands in the way.',
    examples: [
      'archive restore plan --table ledger/public.charges --month 2025-03',
      'archive restore plan --source ledger --into-schema restored --tier bulk',
    ],
  });
  return addRequestOptions(command).action(async (options: RequestOptions) => {
    const request = requestOf(options);
    const plan = await withArchive(cli, (archive) => {
      requireSource(archive, request.target.source ?? request.source);
      return planRestore(archive, request, cli.io.signal);
    });
    cli.print(options, restorePlanValue(plan), () => restorePlanText(plan));
    const { refusals } = plan;
    if (refusals.length > 0)
      throw new AppError('RESTORE_CONFLICT', `as asked, nothing is restored: ${refusals.join('; ')}`);
  });
}
