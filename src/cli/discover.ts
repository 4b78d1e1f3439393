import type { Command } from 'commander';
import { discoverPrefix } from '../ingest/discover/discover-prefix.ts';
import { type ExportKind, fromStoredKind } from '../registry/export/export-kind.ts';
import { parseChoice } from './arguments.ts';
import type { Cli, PrintOptions } from './cli.ts';
import { newCommand } from './command.ts';
import { count } from './output/format.ts';
import { type Column, table } from './output/table.ts';

interface Options extends PrintOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly from?: string;
  readonly kind?: 'files';
  readonly role?: string;
}

interface FoundExport {
  readonly id: number;
  readonly name: string;
  readonly kind: ExportKind;
  readonly root: string;
}

export function discoverCommand(cli: Cli): Command {
  return newCommand({
    name: 'discover',
    summary: 'find and register the exports under a prefix',
    description:
      "Finds every billing export under a prefix of the bucket and registers it with its deliveries and files. From then on the service looks for new deliveries by itself, as often as the export's schedule says.",
    examples: [
      'discover acme --bucket acme-billing --prefix cur/',
      'discover acme --bucket acme-billing --from 2024-01',
      'discover acme --bucket acme-billing --prefix copies/ --kind files',
    ],
  })
    .argument('<client>', 'the client')
    .requiredOption('--bucket <bucket>', 'bucket with the bills')
    .option('--prefix <prefix>', 'key prefix, exactly as in the keys', '')
    .option('--from <month>', 'all months since this one, too; without it those that AWS may still change')
    .option('--kind <kind>', '"files": take what lies there as it is, without manifests', parseChoice(['files']))
    .option('--role <arn>', 'which role, where the client has several')
    .action(async (client: string, options: Options) => {
      const { bucket, prefix, from, kind, role: roleArn } = options;
      const place = { client, roleArn, bucket, prefix, from, kind };
      const { actor } = cli;
      const { signal } = cli.io;
      const summary = await cli.withResources(({ ingest }) =>
        discoverPrefix(ingest, { ...place, trigger: 'manual', actor, signal }),
      );
      const exports = summary.exports.map(
        ({ id, name, kind: stored, root }): FoundExport => ({ id, name, kind: fromStoredKind(stored), root }),
      );
      cli.print(options, { client, bucket, prefix, ...summary, exports }, () =>
        discoveryText(client, { ...summary, exports }),
      );
    });
}

interface Discovery {
  readonly exports: readonly FoundExport[];
  readonly objectsListed: number;
  readonly deliveriesFound: number;
  readonly filesRegistered: number;
  readonly warnings: readonly { readonly code: string; readonly text: string }[];
}

const columns: readonly Column<FoundExport>[] = [
  { title: 'export', of: ({ name }) => name },
  { title: 'kind', of: ({ kind }) => kind },
  { title: 'lies under', of: ({ root }) => root },
];

function discoveryText(client: string, found: Discovery): string {
  const { exports, warnings } = found;
  const lines = [
    `${count(found.objectsListed)} objects listed, ${count(found.deliveriesFound)} new deliveries, ${count(found.filesRegistered)} files registered`,
  ];
  if (exports.length > 0) lines.push('', table(columns, exports));
  if (warnings.length > 0) lines.push('', table(warningColumns, warnings));
  const [first] = exports;
  lines.push(
    '',
    first === undefined
      ? 'no export was found: check the prefix, or give --from for months long closed'
      : `next: billvault run ${client}/${first.name}  (a running service loads the files by itself)`,
  );
  return lines.join('\n');
}

const warningColumns: readonly Column<Discovery['warnings'][number]>[] = [
  { title: 'warning', of: ({ code }) => code },
  { title: 'what was seen', of: ({ text }) => text },
];
