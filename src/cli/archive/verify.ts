import type { Command } from 'commander';
import { type Validation, validateArchive } from '../../archive/validate/validate-archive.ts';
import { type ValidationLevel, validationLevels } from '../../archive/validate/validation-job.ts';
import { validationLines } from '../../archive/validate/validation-lines.ts';
import { AppError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { parseChoice } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { requireSource } from './require-source.ts';
import { addSelectionOptions, type SelectionOptions, selectionOf } from './selection.ts';
import { withArchive } from './with-archive.ts';

interface Options extends PrintOptions, SelectionOptions {
  readonly level: ValidationLevel;
}

export function archiveVerify(cli: Cli): Command {
  const command = newCommand({
    name: 'verify',
    summary: 'compare what is in the bucket with what is on record',
    description: `Checks every part and manifest: existence by version, lock, encryption, content, chain, signatures, gaps. Level head reads nothing, sample a bounded share of the parts, full everything that is not in a cold class; what was not looked into is counted as such. Nothing is changed in the bucket. Ends with 6 when anything is wrong.

An auditor who has neither this service nor its registry uses "billvault verify --offline" on a downloaded archive.`,
    examples: ['archive verify', 'archive verify --level full --table ledger/public.charges --from 2026-01'],
  });
  return addSelectionOptions(command, { takesPatterns: true })
    .option('--level <level>', validationLevels.join(', '), parseChoice(validationLevels), 'sample')
    .action(async (options: Options) => {
      const validation = await validate(cli, options);
      cli.print(options, validation, () => validationLines(validation).map(printable).join('\n'));
      if (!validation.isClean) {
        throw new AppError(
          'PROOF_FAILED',
          `validation ${validation.id} found ${validation.errors === 1 ? '1 error' : `${validation.errors} errors`} in the archive`,
        );
      }
    });
}

function validate(cli: Cli, options: Options): Promise<Validation> {
  const { source, table, from, to } = selectionOf(options);
  const { actor } = cli;
  const { signal } = cli.io;
  return withArchive(cli, async (archive) => {
    // A source that is not configured any more has an archive still; what was archived of its tables is known.
    if (table === undefined) requireSource(archive, source);
    const selection = { source, tables: table === undefined ? undefined : [table], from, to };
    return validateArchive(archive, { selection, level: options.level, trigger: 'manual', actor, signal });
  });
}
