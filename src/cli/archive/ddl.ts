import type { Command } from 'commander';
import { type Dialect, dialects } from '../../archive/query/ddl.ts';
import { tablesDdl } from '../../archive/query/tables-ddl.ts';
import { parseChoice } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { requireSource } from './require-source.ts';
import { namesOf, parseSourcePath } from './table-path.ts';
import { withArchive } from './with-archive.ts';

interface Options extends PrintOptions {
  readonly root?: string;
}

export function archiveDdlCommand(cli: Cli): Command {
  return newCommand({
    name: 'ddl',
    summary: 'print the SQL by which DuckDB, Athena or Trino read the archive where it lies',
    examples: [
      'archive ddl duckdb ledger/public.charges',
      'archive ddl athena ledger > archive.sql',
      'archive ddl duckdb ledger/public.charges --root /data/archive',
    ],
  })
    .argument('<engine>', dialects.join(', '), parseChoice(dialects))
    .argument('[source[/schema.table]]', 'only of this source database, or of this table', parseSourcePath)
    .option('--root <folder>', 'where the bucket was downloaded to; without it s3://BUCKET')
    .action(async (dialect: Dialect, path: ReturnType<typeof parseSourcePath> | undefined, options: Options) => {
      const { root } = options;
      const tables = await withArchive(cli, async (archive) => {
        if (path?.table === undefined) requireSource(archive, path?.source);
        const wanted =
          path === undefined ? {} : { source: path.source, ...(path.table === undefined ? {} : namesOf(path.table)) };
        return tablesDdl(archive, { dialect, wanted, root });
      });
      cli.print(options, tables, () => tables.map(({ sql }) => sql.trimEnd()).join('\n\n'));
    });
}
