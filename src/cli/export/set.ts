import type { Command } from 'commander';
import { AppError } from '../../errors.ts';
import { checkSchedule } from '../../jobs.ts';
import { changeExport, maxKeepSupersededDays, maxSettleDays } from '../../registry/export/change-export.ts';
import { findExport } from '../../registry/export/find-export.ts';
import { exportSummary } from '../../registry/export/list-exports.ts';
import { type ExportPath, parseExportPath, parseWhole } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { exportText } from './export-text.ts';

interface Options extends PrintOptions {
  readonly schedule?: string;
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly settleDays?: number;
  readonly keepSupersededDays?: number;
}

export function exportSet(cli: Cli): Command {
  return newCommand({
    name: 'set',
    summary: 'change the schedule and settings of an export',
    examples: ['export set acme/bills_cur --schedule "17 */4 * * *"', 'export set acme/bills_cur --disabled'],
  })
    .argument('<client/export>', 'the export', parseExportPath)
    .option('--schedule <cron>', 'when to look for new deliveries: a cron pattern, in UTC')
    .option('--enabled', 'look for new deliveries by the schedule')
    .option('--disabled', 'do not')
    .option(
      '--settle-days <days>',
      'days after its end during which a closed month is still watched',
      parseWhole({ minimum: 0, maximum: maxSettleDays }),
    )
    .option(
      '--keep-superseded-days <days>',
      'days for which superseded deliveries stay readable',
      parseWhole({ minimum: 0, maximum: maxKeepSupersededDays }),
    )
    .action(async (path: ExportPath, options: Options) => {
      const change = changeOf(options);
      const { actor } = cli;
      const changed = await cli.withResources(async ({ ingest: { registry } }) => {
        const found = await findExport(registry, path);
        return exportSummary(await changeExport(registry, found, { change, actor }));
      });
      cli.print(options, changed, () => exportText(changed));
    });
}

function changeOf({ schedule, enabled, disabled, settleDays, keepSupersededDays }: Options) {
  if (enabled && disabled) throw new AppError('BAD_INPUT', 'give --enabled or --disabled, not both');
  if (schedule !== undefined) checkSchedule(schedule);
  const isEnabled = disabled ? false : enabled;
  const change = { schedule, enabled: isEnabled, settleDays, keepSupersededDays };
  if (Object.values(change).every((value) => value === undefined)) {
    throw new AppError(
      'BAD_INPUT',
      'nothing to change: give --schedule, --enabled, --disabled, --settle-days or --keep-superseded-days',
    );
  }
  return change;
}
