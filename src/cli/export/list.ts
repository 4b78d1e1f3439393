import type { Command } from 'commander';
import { type ExportSummary, listExports } from '../../registry/export/list-exports.ts';
import { allPages } from '../all-pages.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { time } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';

const columns: readonly Column<ExportSummary>[] = [
  { title: 'export', of: ({ client, name }) => `${client}/${name}` },
  { title: 'kind', of: ({ kind }) => kind },
  { title: 'lies under', of: ({ bucket, root }) => `s3://${bucket}/${root}` },
  { title: 'raw table', of: ({ rawTable }) => rawTable },
  { title: 'schedule (UTC)', of: ({ schedule, enabled }) => (enabled ? schedule : 'disabled') },
  { title: 'looked at (UTC)', of: ({ discoveredAt }) => time(discoveredAt) },
];

export function exportList(cli: Cli): Command {
  return newCommand({ name: 'list', summary: 'list the exports', examples: ['export list', 'export list acme'] })
    .argument('[client]', 'only of this client')
    .action(async (client: string | undefined, options: PrintOptions) => {
      const exports = await cli.withResources(({ ingest }) =>
        allPages((page) => listExports(ingest.registry, { client }, page)),
      );
      cli.print(options, exports, () =>
        exports.length === 0 ? 'no exports yet: billvault discover CLIENT --bucket BUCKET' : table(columns, exports),
      );
    });
}
