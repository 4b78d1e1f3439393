import type { Command } from 'commander';
import { type ClientSummary, listClients } from '../../registry/client/list-clients.ts';
import { allPages } from '../all-pages.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { count, time } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';

const columns: readonly Column<ClientSummary>[] = [
  { title: 'client', of: ({ name }) => name },
  { title: 'title', of: ({ title }) => title },
  { title: 'roles', align: 'right', of: ({ roles }) => count(roles) },
  { title: 'exports', align: 'right', of: ({ exports }) => count(exports) },
  { title: 'since (UTC)', of: ({ createdAt }) => time(createdAt) },
  { title: 'offboarded (UTC)', of: ({ offboardedAt }) => time(offboardedAt) },
];

export function clientList(cli: Cli): Command {
  return newCommand({ name: 'list', summary: 'list the clients', examples: ['client list'] }).action(
    async (options: PrintOptions) => {
      const clients = await cli.withResources(({ ingest }) => allPages((page) => listClients(ingest.registry, page)));
      cli.print(options, clients, () =>
        clients.length === 0 ? 'no clients yet: billvault client add NAME' : table(columns, clients),
      );
    },
  );
}
