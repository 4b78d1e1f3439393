import type { Command } from 'commander';
import { AppError } from '../errors.ts';
import { checkHealth } from '../ingest/health.ts';
import { version } from '../version.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { facts } from './output/table.ts';

export function healthCommand(cli: Cli): Command {
  return newCommand({
    name: 'health',
    summary: 'whether the databases answer, and how much waits',
    description:
      'Asks both databases directly; a running service answers the same at /health. Ends with 7 when one does not answer.',
    examples: ['health'],
  }).action(async (options: PrintOptions) => {
    const health = await cli.withResources(({ ingest }) => checkHealth(ingest));
    cli.print(options, { version, ...health }, () =>
      facts([
        ['version', version],
        ['registry', health.registry],
        ['raw database', health.raw],
        ['files waiting', health.queue?.waiting ?? null],
        ['files under way', health.queue?.underWay ?? null],
        ['files failed', health.queue?.failed ?? null],
      ]),
    );
    if (!health.ok) throw new AppError('DATABASE_UNAVAILABLE', 'a database does not answer');
  });
}
