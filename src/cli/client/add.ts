import type { Command } from 'commander';
import { createClient } from '../../registry/client/create-client.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';

interface Options extends PrintOptions {
  readonly title?: string;
}

export function clientAdd(cli: Cli): Command {
  return newCommand({
    name: 'add',
    summary: 'register a client',
    description:
      "Registers a client: a customer whose AWS bills come in. NAME is a lower-case word (a-z, 0-9, _); the client's tables will be in the schema raw_NAME.",
    examples: ['client add acme --title "Acme Inc."'],
  })
    .argument('<name>', 'a lower-case word of at most 40 characters')
    .option('--title <title>', 'name for people')
    .action(async (name: string, options: Options) => {
      const { actor } = cli;
      const client = await cli.withResources(({ ingest }) =>
        createClient(ingest.registry, { name, title: options.title, actor }),
      );
      const { id, title, createdAt } = client;
      cli.print(options, { id, name, title, createdAt }, () =>
        [`client ${name} is registered`, `next: billvault role add ${name} ROLE_ARN`].join('\n'),
      );
    });
}
