import type { Command } from 'commander';
import { listManifestSummaries, type ManifestSummary } from '../../../registry/archive/list-manifests.ts';
import { allPages } from '../../all-pages.ts';
import { parseWhole } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { defaultLimit, limitRange } from '../../limit.ts';
import { time } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';
import { requireSource } from '../require-source.ts';
import { parseMonth } from '../selection.ts';
import { withArchive } from '../with-archive.ts';

interface Options extends PrintOptions {
  readonly source?: string;
  readonly month?: string;
  readonly limit: number;
}

const columns: readonly Column<ManifestSummary>[] = [
  { title: 'source', of: ({ source }) => source },
  { title: 'manifest', align: 'right', of: ({ sequence }) => String(sequence) },
  { title: 'month', of: ({ month }) => month },
  { title: 'state', of: ({ state }) => state },
  { title: 'stored (UTC)', of: ({ storedAt }) => time(storedAt) },
  { title: 'locked until', of: ({ retainUntil }) => retainUntil.slice(0, 10) },
  { title: 'SHA-256', of: ({ sha256 }) => sha256 },
];

export function manifestList(cli: Cli): Command {
  return newCommand({
    name: 'list',
    summary: 'list the signed manifests, newest first; those of each source form a chain',
    examples: ['archive manifest list', 'archive manifest list --source ledger --month 2026-01'],
  })
    .option('--source <source>', 'only of this source database')
    .option('--month <month>', 'only of this month', parseMonth)
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .action(async ({ source, month, limit, ...options }: Options) => {
      const manifests = await withArchive(cli, async (archive) => {
        const filter = { source, from: month, to: month };
        const found = await allPages((page) => listManifestSummaries(archive.registry, filter, page), limit);
        if (found.length === 0) requireSource(archive, source);
        return found;
      });
      cli.print(options, manifests, () => (manifests.length === 0 ? 'no manifests found' : table(columns, manifests)));
    });
}
