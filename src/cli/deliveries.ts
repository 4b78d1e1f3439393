import type { Command } from 'commander';
import { listDeliveries, type ShownState, shownStates } from '../registry/delivery/list-deliveries.ts';
import { requireKnown } from '../registry/require-known.ts';
import { allPages } from './all-pages.ts';
import { parseChoice, parseExportFilter, parseMonth, parseWhole } from './arguments.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { defaultLimit, limitRange } from './limit.ts';
import { deliveryTable } from './output/delivery-table.ts';

interface Options extends PrintOptions {
  readonly period?: string;
  readonly state?: ShownState;
  readonly limit: number;
}

export function deliveriesCommand(cli: Cli): Command {
  return newCommand({
    name: 'deliveries',
    summary: 'list deliveries with their history, newest first',
    description:
      'Lists deliveries, superseded and dropped ones included, newest first. FAILED is a delivery that waits because a file of it failed.',
    examples: ['deliveries acme/bills_cur --period 2024-01', 'deliveries --state FAILED'],
  })
    .argument('[client[/export]]', 'only of this client or export', parseExportFilter)
    .option('--period <month>', 'only of this billing period', parseMonth)
    .option('--state <state>', `only in this state: ${shownStates.join(', ')}`, parseChoice(shownStates))
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .action(async (filter: ReturnType<typeof parseExportFilter> | undefined, options: Options) => {
      const { period: periodStart, state, limit } = options;
      const wanted = { ...filter, periodStart, ...(state !== undefined && { states: [state] }) };
      const deliveries = await cli.withResources(async ({ ingest }) => {
        await requireKnown(ingest.registry, wanted);
        return allPages((page) => listDeliveries(ingest.registry, wanted, page), limit);
      });
      cli.print(options, deliveries, () =>
        deliveries.length === 0 ? 'no deliveries found' : deliveryTable(deliveries),
      );
    });
}
