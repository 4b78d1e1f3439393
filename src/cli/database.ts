import type { Command } from 'commander';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';

export function databaseCommand(cli: Cli): Command {
  return newCommand({
    name: 'database',
    summary: 'print the connection string of the raw billing database',
    description:
      'Prints the connection string of the raw billing database, its password included, for psql and other readers. The embedded PostgreSQL answers while the service or another command runs.',
    examples: ['database'],
  }).action(async (options: PrintOptions) => {
    const url = await cli.withResources(async ({ rawUrl }) => rawUrl);
    cli.print(options, { url }, () => url);
  });
}
