import type { Command } from 'commander';
import { AppError } from '../errors.ts';
import { discoverExport } from '../ingest/discover/discover-export.ts';
import { type FinishedExport, finishExport } from '../ingest/work/finish-export.ts';
import { reconcile } from '../ingest/work/reconcile.ts';
import { findExport } from '../registry/export/find-export.ts';
import type { Resources } from '../resources.ts';
import { type ExportPath, parseExportPath, parseWhole } from './arguments.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { count } from './output/format.ts';
import { showProgress } from './output/progress-bar.ts';

interface Options extends PrintOptions {
  readonly from?: string;
  readonly wait: boolean;
  readonly timeout: number;
}

/** Retries are at most fifteen minutes apart by default, and a worker that died is noticed within one. */
const defaultTimeoutSeconds = 1_800;
const maxTimeoutSeconds = 7 * 86_400;

export function runCommand(cli: Cli): Command {
  return newCommand({
    name: 'run',
    summary: 'look for new deliveries of an export and load them now',
    description:
      'Looks for new deliveries of an export now, and works on its files in this process (beside a running service, if there is one) until none is left. Ends with 6 when a file failed.',
    examples: ['run acme/bills_cur', 'run acme/bills_cur --from 2024-01', 'run acme/bills_cur --no-wait'],
  })
    .argument('<client/export>', 'the export', parseExportPath)
    .option('--from <month>', 'all months since this one, too')
    .option('--no-wait', 'only look; a running service loads the files')
    .option(
      '--timeout <seconds>',
      'how long to wait for other workers and for retries',
      parseWhole({ minimum: 1, maximum: maxTimeoutSeconds }),
      defaultTimeoutSeconds,
    )
    .action(async (path: ExportPath, options: Options) => {
      const { discovery, finished } = await cli.withResources((resources) => run(cli, { resources, path, options }));
      cli.print(options, { ...path, ...discovery, ...finished }, () =>
        [
          `run ${discovery.runId}: ${count(discovery.objectsListed)} objects listed, ${count(discovery.deliveriesFound)} new deliveries, ${count(discovery.filesRegistered)} files registered`,
          ...(finished === null
            ? []
            : [`${count(finished.ingested)} files ingested, ${count(finished.failed)} failed`]),
        ].join('\n'),
      );
      if (finished !== null && finished.failed > 0) throw filesFailed(path, finished.failed);
    });
}

interface Run {
  readonly resources: Resources;
  readonly path: ExportPath;
  readonly options: Options;
}

async function run(cli: Cli, { resources: { ingest, config }, path, options }: Run) {
  const { actor } = cli;
  const { signal, stderr } = cli.io;
  const { id: exportId } = await findExport(ingest.registry, path);
  const discovery = await discoverExport(ingest, { exportId, from: options.from, trigger: 'manual', actor, signal });
  if (!options.wait) return { discovery, finished: null };
  await reconcile(ingest);
  const progress = showProgress(stderr);
  try {
    const workers = Math.max(1, config.service.workers);
    const timeoutSeconds = options.timeout;
    const finished: FinishedExport = await finishExport(ingest, {
      exportId,
      workers,
      signal,
      timeoutSeconds,
      ...progress,
    });
    return { discovery, finished };
  } finally {
    progress.stop();
  }
}

function filesFailed({ client, name }: ExportPath, failed: number): AppError {
  const list = `billvault file list --client ${client} --export ${name} --status FAILED`;
  return new AppError('FILES_FAILED', `${failed} files of ${client}/${name} failed, see ${list}`);
}
