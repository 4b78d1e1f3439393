import type { Command } from 'commander';
import type { FileFilter } from '../../registry/file/find-file.ts';
import { FileStatus } from '../../registry/generated/enums.ts';
import { parseChoice, parseId, parseMonth } from '../arguments.ts';

export interface FilterOptions {
  readonly client?: string;
  readonly export?: string;
  readonly period?: string;
  readonly delivery?: number;
  readonly status?: FileStatus;
  readonly error?: string;
}

export const fileStatuses = Object.values(FileStatus);

export function addFilterOptions(command: Command): Command {
  return command
    .option('--client <client>', 'only of this client')
    .option('--export <export>', 'only of exports with this name')
    .option('--period <month>', 'only of this billing period', parseMonth)
    .option('--delivery <id>', 'only of this delivery', parseId)
    .option('--status <status>', `only with this status: ${fileStatuses.join(', ')}`, parseChoice(fileStatuses))
    .option('--error <code>', 'only with this error code, such as GZIP_INVALID');
}

export function filterOf({ client, export: name, period, delivery, status, error }: FilterOptions): FileFilter {
  return { client, export: name, periodStart: period, deliveryId: delivery, status, errorCode: error };
}
