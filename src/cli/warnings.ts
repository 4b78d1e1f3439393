import type { Command } from 'commander';
import { listWarnings, type WarningSummary } from '../registry/warning/list-warnings.ts';
import { allPages } from './all-pages.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { time } from './output/format.ts';
import { type Column, table } from './output/table.ts';

const columns: readonly Column<WarningSummary>[] = [
  { title: 'client', of: ({ client }) => client },
  { title: 'warning', of: ({ code }) => code },
  { title: 'last seen (UTC)', of: ({ lastSeenAt }) => time(lastSeenAt) },
  { title: 'what was seen', of: ({ text }) => text },
];

export function warningsCommand(cli: Cli): Command {
  return newCommand({
    name: 'warnings',
    summary: 'list what discoveries found odd',
    examples: ['warnings', 'warnings acme'],
  })
    .argument('[client]', 'only of this client')
    .action(async (client: string | undefined, options: PrintOptions) => {
      const warnings = await cli.withResources(({ ingest }) =>
        allPages((page) => listWarnings(ingest.registry, { client }, page)),
      );
      cli.print(options, warnings, () => (warnings.length === 0 ? 'no warnings' : table(columns, warnings)));
    });
}
