import type { Command } from 'commander';
import { requireKnown } from '../registry/require-known.ts';
import { listRuns, type RunFilter, type RunSummary } from '../registry/run/list-runs.ts';
import { allPages } from './all-pages.ts';
import { parseExportFilter, parseWhole } from './arguments.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { defaultLimit, limitRange } from './limit.ts';
import { count, time } from './output/format.ts';
import { type Column, table } from './output/table.ts';

interface Options extends PrintOptions {
  readonly limit: number;
}

const columns: readonly Column<RunSummary>[] = [
  { title: 'run', align: 'right', of: ({ id }) => String(id) },
  { title: 'export', of: (run) => `${run.client}/${run.export}` },
  { title: 'by', of: ({ trigger }) => trigger },
  { title: 'started (UTC)', of: ({ startedAt }) => time(startedAt) },
  { title: 'finished (UTC)', of: ({ finishedAt }) => time(finishedAt) },
  { title: 'listed', align: 'right', of: ({ objectsListed }) => count(objectsListed) },
  { title: 'deliveries', align: 'right', of: ({ deliveriesFound }) => count(deliveriesFound) },
  { title: 'files', align: 'right', of: ({ filesRegistered }) => count(filesRegistered) },
  { title: 'error', of: ({ errorCode, errorText }) => (errorCode === null ? '' : `${errorCode}: ${errorText}`) },
];

export function runsCommand(cli: Cli): Command {
  return newCommand({
    name: 'runs',
    summary: 'list the discoveries of exports, newest first',
    examples: ['runs', 'runs acme/bills_cur'],
  })
    .argument('[client[/export]]', 'only of this client or export', parseExportFilter)
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .action(async (filter: RunFilter | undefined, options: Options) => {
      const runs = await cli.withResources(async ({ ingest }) => {
        await requireKnown(ingest.registry, filter ?? {});
        return allPages((page) => listRuns(ingest.registry, filter ?? {}, page), options.limit);
      });
      cli.print(options, runs, () => (runs.length === 0 ? 'no runs yet' : table(columns, runs)));
    });
}
