import type { Command } from 'commander';
import type { ArchiveContext } from '../../../archive/context.ts';
import { advanceRestore } from '../../../archive/restore/advance-restore.ts';
import { planRestore } from '../../../archive/restore/plan-restore.ts';
import { startRestore } from '../../../archive/restore/start-restore.ts';
import { AppError } from '../../../errors.ts';
import { waitFor } from '../../../ingest/work/wait-for.ts';
import { findRestore, type RestoreRecord } from '../../../registry/archive/restore.ts';
import { parseWhole } from '../../arguments.ts';
import type { Cli } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { requireSource } from '../require-source.ts';
import { withArchive } from '../with-archive.ts';
import { restorePlanText } from './plan-text.ts';
import { addRequestOptions, type RequestOptions, requestOf } from './request-options.ts';
import { restoreText } from './restore-text.ts';

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
    description: `Prints the plan and records the restore; the service goes on with it by itself, asks for cold objects and waits for them,
however long that takes. With --wait it is done in this process instead, until it is at its end. Ends with 4 when something stands in
the way, and with the code of the failure when it failed.`,
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

async function start(cli: Cli, archive: ArchiveContext, options: Options): Promise<RestoreRecord> {
  const request = requestOf(options);
  const { actor } = cli;
  const { signal } = cli.io;
  requireSource(archive, request.target.source ?? request.source);
  const plan = await planRestore(archive, request, signal);
  if (!options.json) cli.print({}, plan, () => `${restorePlanText(plan)}\n`);
  const restore = await startRestore(archive, { plan, actor });
  if (!options.wait) return restore;
  await untilEnd(archive, { restoreId: restore.id, pollSeconds: options.poll, signal });
  return findRestore(archive.registry, restore.id);
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

function startedText({ id, parts }: RestoreRecord): string {
  return `restore ${id} is recorded, of ${parts.length} parts: a running service goes on with it, or billvault archive restore poll`;
}

function requireSuccess({ id, state, errorCode, errorText }: RestoreRecord): void {
  if (state === 'FAILED') throw new AppError('RESTORE_CONFLICT', `restore ${id} failed, ${errorCode}: ${errorText}`);
  if (state === 'CANCELLED') throw new AppError('ILLEGAL_STATE', `restore ${id} was cancelled`);
}
