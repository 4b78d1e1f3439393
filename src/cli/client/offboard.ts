import type { Command } from 'commander';
import { AppError } from '../../errors.ts';
import { offboardClient } from '../../ingest/clients/offboard-client.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';

interface Options extends PrintOptions {
  readonly yes?: boolean;
}

export function clientOffboard(cli: Cli): Command {
  return newCommand({
    name: 'offboard',
    summary: 'end a client and drop its raw tables',
    description:
      'Ends a client: nothing of it is read any more, and the schema raw_NAME is dropped with all its rows. What happened stays in the registry. This cannot be undone.',
    examples: ['client offboard acme --yes'],
  })
    .argument('<name>', 'the client')
    .option('--yes', 'yes, drop its tables')
    .action(async (name: string, options: Options) => {
      if (!options.yes) {
        throw new AppError('BAD_INPUT', `offboarding drops every table of raw_${name}: say --yes if that is meant`);
      }
      const { actor } = cli;
      const dropped = await cli.withResources(({ ingest }) => offboardClient(ingest, { name, actor }));
      cli.print(
        options,
        { client: name, deliveriesDropped: dropped },
        () => `client ${name} was offboarded: schema raw_${name} and its ${dropped} deliveries were dropped`,
      );
    });
}
