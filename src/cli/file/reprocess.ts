import type { Command } from 'commander';
import { AppError } from '../../errors.ts';
import { type ReprocessedMany, reprocess, reprocessMany } from '../../ingest/reprocess.ts';
import { parseId } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { type Column, table } from '../output/table.ts';
import { addFilterOptions, type FilterOptions, filterOf } from './filter-options.ts';

type Options = PrintOptions & FilterOptions;

export function fileReprocess(cli: Cli): Command {
  const command = newCommand({
    name: 'reprocess',
    summary: 'load a file again, or all that a filter finds',
    description:
      'Puts a file back into the queue, at the ETag that its object has now; or all files that the filter finds (FAILED ones, unless --status says otherwise). The rows of an INGESTED file stay until the new ones replace them.',
    examples: [
      'file reprocess 42',
      'file reprocess --client acme --error GET_DENIED',
      'file reprocess --client acme --export bills_cur --period 2024-01 --status INGESTED',
    ],
  }).argument('[id]', 'number of the file; without it, a filter', parseId);
  return addFilterOptions(command).action(async (id: number | undefined, options: Options) => {
    const hasFilter = Object.values(filterOf(options)).some((value) => value !== undefined);
    if ((id === undefined) === !hasFilter) {
      throw new AppError(
        'BAD_INPUT',
        'give the number of a file, or a filter such as --client or --error: one of the two',
      );
    }
    const { actor } = cli;
    const result = await cli.withResources(async ({ ingest }): Promise<ReprocessedMany> => {
      if (id === undefined) {
        return reprocessMany(ingest, { filter: { ...filterOf(options), status: options.status ?? 'FAILED' }, actor });
      }
      await reprocess(ingest, { fileId: id, actor });
      return { reprocessed: [id], refused: [] };
    });
    cli.print(options, result, () => reprocessedText(result));
    if (result.refused.length > 0)
      throw new AppError('FILES_FAILED', `${result.refused.length} files were not put back`);
  });
}

const refusedColumns: readonly Column<ReprocessedMany['refused'][number]>[] = [
  { title: 'file', align: 'right', of: ({ fileId }) => String(fileId) },
  { title: 'refused', of: ({ code }) => code },
  { title: 'why', of: ({ message }) => message },
];

function reprocessedText({ reprocessed, refused }: ReprocessedMany): string {
  const lines = [`${reprocessed.length} files are NEW again; a running service or billvault run loads them`];
  if (refused.length > 0) lines.push('', table(refusedColumns, refused));
  return lines.join('\n');
}
