import { type Command, InvalidArgumentError } from 'commander';
import { isMonth, type Month } from '../../archive/month.ts';
import { AppError } from '../../errors.ts';
import { parseTablePath, parseTablePattern, type TablePath } from './table-path.ts';

/** As commander leaves them. */
export interface SelectionOptions {
  readonly source?: string;
  readonly table?: TablePath;
  readonly month?: Month;
  readonly from?: Month;
  readonly to?: Month;
}

/** Some of the archive. */
export interface Selection {
  readonly source: string | undefined;
  /** `schema.table`, or a pattern of it. */
  readonly table: string | undefined;
  /** First and last month. */
  readonly from: Month | undefined;
  readonly to: Month | undefined;
}

/** @param takesPatterns whether `*` and `?` may stand in the table's name */
export function addSelectionOptions(command: Command, { takesPatterns = false } = {}): Command {
  return command
    .option('--source <source>', 'only of this source database')
    .option(
      '--table <table>',
      `only of this table, SOURCE/SCHEMA.TABLE${takesPatterns ? ' or a pattern of it with * and ?' : ''}`,
      takesPatterns ? parseTablePattern : parseTablePath,
    )
    .option('--month <month>', 'only of this month, such as 2026-01', parseMonth)
    .option('--from <month>', 'since this month', parseMonth)
    .option('--to <month>', 'up to this month, which is in it', parseMonth);
}

/** @throws AppError BAD_INPUT for options that contradict each other */
export function selectionOf({ source, table, month, from, to }: SelectionOptions): Selection {
  if (source !== undefined && table?.source !== undefined && table.source !== source) {
    throw new AppError('BAD_INPUT', `--source is ${source}, and --table names the source ${table.source}`);
  }
  if (month !== undefined && (from !== undefined || to !== undefined)) {
    throw new AppError('BAD_INPUT', 'give --month, or --from and --to, not both');
  }
  if (from !== undefined && to !== undefined && to < from) {
    throw new AppError('BAD_INPUT', `--to is ${to}, before --from, which is ${from}`);
  }
  return { source: source ?? table?.source, table: table?.table, from: month ?? from, to: month ?? to };
}

export function parseMonth(text: string): Month {
  if (!isMonth(text)) throw new InvalidArgumentError('Give a month, such as 2026-01.');
  return text;
}
