import { type Command, InvalidArgumentError } from 'commander';
import { placeHold } from '../../../archive/holds/place-hold.ts';
import { AppError } from '../../../errors.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { addSelectionOptions, type SelectionOptions, selectionOf } from '../selection.ts';
import { withArchive } from '../with-archive.ts';
import { holdOutcomeText } from './hold-text.ts';

interface Options extends PrintOptions, SelectionOptions {
  readonly reason: string;
  readonly until?: Date;
}

export function holdPlace(cli: Cli): Command {
  const command = newCommand({
    name: 'place',
    summary: 'place a legal hold: nothing under it is purged or expires',
    description:
      'Places a legal hold on a source database, on one of its tables, or on some months of either. From that moment nothing under it is purged or expires, and it is put on the objects in the bucket as well.',
    examples: [
      'archive hold place --table ledger/public.charges --from 2025-01 --to 2025-06 --reason "case 4711"',
      'archive hold place --source ledger --until 2027-12-31 --reason "tax audit 2026"',
    ],
  });
  return addSelectionOptions(command)
    .requiredOption('--reason <text>', 'why; kept with the hold')
    .option('--until <date>', 'released by itself at this time (UTC), such as 2027-12-31', parseUntil)
    .action(async (options: Options) => {
      const { source, table, from, to } = selectionOf(options);
      if (source === undefined)
        throw new AppError('BAD_INPUT', 'say what is held: --source, or --table SOURCE/SCHEMA.TABLE');
      const { reason, until } = options;
      const { actor } = cli;
      const { signal } = cli.io;
      const placed = await withArchive(cli, (archive) =>
        placeHold(archive, { source, table, from, to, reason, until, actor, signal }),
      );
      cli.print(options, placed, () => holdOutcomeText(placed));
    });
}

function parseUntil(text: string): Date {
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text);
  const date = new Date(text);
  // 2027-02-30 would be taken for a day in March.
  if (isDate && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 10))) return date;
  throw new InvalidArgumentError('Give a date, such as 2027-12-31, or a time in UTC, such as 2027-12-31T12:00Z.');
}
