import type { Command } from 'commander';
import type { ArchiveContext } from '../../../archive/context.ts';
import { advanceRestore } from '../../../archive/restore/advance-restore.ts';
import { planRestore } from '../../../archive/restore/plan-restore.ts';
import { startRestore } from '../../../archive/restore/start-restore.ts';
import { AppError, errorCodes } from '../../../errors.ts';
import { waitFor } from '../../../ingest/work/wait-for.ts';
import { type ShownRestore, showRestore } from '../../../registry/archive/show-restore.ts';
import { parseWhole } from '../../arguments.ts';
import type { Cli } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { requireSource } from '../require-source.ts';
import { withArchive } from '../with-archive.ts';
import { restorePlanText } from './plan-text.ts';
import { addRequestOptions, type RequestOptions, requestOf } from './request-options.ts';
import { partsText, restoreText } from './restore-text.ts';

interface Options extends RequestOptions {
  readonly wait?: boolean;
  readonly poll: number;
}

/** Cold objects take hours. */
const defaultPollSeconds = 60;
const maxPollSeconds = 3_600;

export function restoreStart(cli: Cli): Command {
  const command = newCommand({
    name: 'start',
    summary: 'restore archived rows, after printing the plan',
    description: `Prints the plan and records the restore; the service goes on with it by itself, asks for cold objects and waits for them, however long that takes. With --wait it is done in this process instead, until it is at its end. Ends with 4 when something stands in the way, and with the code of the failure when it failed.`,
    examples: [
      'archive restore start --table ledger/public.charges --month 2025-03 --wait',
      'archive restore start --table ledger/public.charges --into-table ledger/public.charges_2025 --wait',
      'archive restore start --source ledger --from 2024-01 --to 2024-12 --into-source inspection --tier bulk',
    ],
  });
  return addRequestOptions(command)
    .option('--wait', 'restore in this process, and wait until it is done')
    .option(
      '--poll <seconds>',
      'with --wait: how often it is looked whether cold objects can be read',
      parseWhole({ minimum: 1, maximum: maxPollSeconds }),
      defaultPollSeconds,
    )
    .action(async (options: Options) => {
      const restore = await withArchive(cli, (archive) => start(cli, archive, options));
      cli.print(options, restore, () => (options.wait ? restoreText(restore) : startedText(restore)));
      requireSuccess(restore);
    });
}

async function start(cli: Cli, archive: ArchiveContext, options: Options): Promise<ShownRestore> {
  const request = requestOf(options);
  const { actor } = cli;
  const { signal } = cli.io;
  requireSource(archive, request.target.source ?? request.source);
  const plan = await planRestore(archive, request, signal);
  if (!options.json) cli.print({}, plan, () => `${restorePlanText(plan)}\n`);
  const { id: restoreId } = await startRestore(archive, { plan, actor });
  if (options.wait) await untilEnd(archive, { restoreId, pollSeconds: options.poll, signal });
  return showRestore(archive.registry, restoreId);
}

interface Waiting {
  readonly restoreId: number;
  readonly pollSeconds: number;
  readonly signal: AbortSignal;
}

/** @throws AppError CANCELLED when this process is to end: the restore itself goes on with the service's job */
async function untilEnd(archive: ArchiveContext, { restoreId, pollSeconds, signal }: Waiting): Promise<void> {
  for (;;) {
    const progress = await advanceRestore(archive, { restoreId, signal });
    if (progress.kind !== 'waiting') return;
    await waitFor(pollSeconds, signal);
    if (signal.aborted) {
      throw new AppError('CANCELLED', `restore ${restoreId} is not at its end: the service goes on with it`);
    }
  }
}

function startedText({ id, parts }: ShownRestore): string {
  return `restore ${id} is recorded, ${partsText({ parts })} parts are there already: a running service goes on with it, or billvault archive restore poll`;
}

function requireSuccess({ id, state, errorCode, errorText }: ShownRestore): void {
  if (state === 'FAILED') {
    const code = errorCodes.find((known) => known === errorCode) ?? 'INTERNAL';
    throw new AppError(code, `restore ${id} failed: ${errorText}`);
  }
  if (state === 'CANCELLED') throw new AppError('ILLEGAL_STATE', `restore ${id} was cancelled`);
}
