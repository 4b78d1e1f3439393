import type { Command } from 'commander';
import { type DeliverySummary, listDeliveries, standingStates } from '../registry/delivery/list-deliveries.ts';
import { requireKnown } from '../registry/require-known.ts';
import { allPages } from './all-pages.ts';
import { parseExportFilter } from './arguments.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { deliveryTable } from './output/delivery-table.ts';

export function statusCommand(cli: Cli): Command {
  return newCommand({
    name: 'status',
    summary: 'how every period of every export stands',
    description:
      'Shows for every client, export and billing period the current delivery and the one on its way: its state, its files by status, rows and bytes.',
    examples: ['status', 'status acme', 'status acme/bills_cur --json'],
  })
    .argument('[client[/export]]', 'only of this client or export', parseExportFilter)
    .action(async (filter: ReturnType<typeof parseExportFilter> | undefined, options: PrintOptions) => {
      const wanted = { ...filter, states: standingStates };
      const found = await cli.withResources(async ({ ingest }) => {
        await requireKnown(ingest.registry, wanted);
        return allPages((page) => listDeliveries(ingest.registry, wanted, page));
      });
      const deliveries = found.toSorted(byPlace);
      cli.print(options, deliveries, () =>
        deliveries.length === 0
          ? 'no deliveries yet: billvault discover CLIENT --bucket BUCKET'
          : deliveryTable(deliveries),
      );
    });
}

function byPlace(a: DeliverySummary, b: DeliverySummary): number {
  const place = ({ client, export: name, periodStart }: DeliverySummary) => `${client}/${name} ${periodStart}`;
  return place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : a.id - b.id;
}
