import type { Command } from 'commander';
import { findExport } from '../../registry/export/find-export.ts';
import { exportSummary } from '../../registry/export/list-exports.ts';
import { type ExportPath, parseExportPath } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { exportText } from './export-text.ts';

export function exportShow(cli: Cli): Command {
  return newCommand({ name: 'show', summary: 'show an export in full', examples: ['export show acme/bills_cur'] })
    .argument('<client/export>', 'the export', parseExportPath)
    .action(async (path: ExportPath, options: PrintOptions) => {
      const shown = await cli.withResources(async ({ ingest }) =>
        exportSummary(await findExport(ingest.registry, path)),
      );
      cli.print(options, shown, () => exportText(shown));
    });
}
