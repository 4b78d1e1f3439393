import type { Command } from 'commander';
import { type FileSummary, listFiles } from '../../registry/file/list-files.ts';
import { requireKnown } from '../../registry/require-known.ts';
import { allPages } from '../all-pages.ts';
import { parseWhole } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { defaultLimit, limitRange } from '../limit.ts';
import { bytes, count, month } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';
import { addFilterOptions, type FilterOptions, filterOf } from './filter-options.ts';

interface Options extends PrintOptions, FilterOptions {
  readonly limit: number;
}

/** A key's end tells files apart; `file show` has all of it. */
const shownKeyLength = 60;

const columns: readonly Column<FileSummary>[] = [
  { title: 'file', align: 'right', of: ({ id }) => String(id) },
  { title: 'export', of: (file) => `${file.client}/${file.export}` },
  { title: 'period', of: ({ periodStart }) => month(periodStart) },
  { title: 'delivery', align: 'right', of: ({ deliveryId }) => String(deliveryId) },
  { title: 'status', of: ({ status }) => status },
  { title: 'error', of: ({ errorCode }) => errorCode },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'size', align: 'right', of: ({ sizeBytes }) => bytes(sizeBytes) },
  { title: 'key', of: ({ key }) => (key.length <= shownKeyLength ? key : `…${key.slice(-shownKeyLength)}`) },
];

export function fileList(cli: Cli): Command {
  const command = newCommand({
    name: 'list',
    summary: 'list files, newest first',
    examples: ['file list --status FAILED', 'file list --client acme --period 2024-01 --error GZIP_INVALID'],
  });
  return addFilterOptions(command)
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .action(async (options: Options) => {
      const files = await cli.withResources(async ({ ingest }) => {
        await requireKnown(ingest.registry, filterOf(options));
        return allPages((page) => listFiles(ingest.registry, filterOf(options), page), options.limit);
      });
      cli.print(options, files, () => listText(files, options.limit));
    });
}

function listText(files: readonly FileSummary[], limit: number): string {
  if (files.length === 0) return 'no files found';
  const lines = [table(columns, files)];
  if (files.length === limit) lines.push(`(the newest ${limit}; --limit shows more)`);
  if (files.some(({ errorCode }) => errorCode !== null)) lines.push('billvault file show ID says what went wrong');
  return lines.join('\n');
}
