import type { Command } from 'commander';
import { planRepair } from '../../../archive/repair/plan-repair.ts';
import { isDone, type RepairPlan } from '../../../archive/repair/repair-plan.ts';
import { repairUnit } from '../../../archive/repair/repair-unit.ts';
import { AppError } from '../../../errors.ts';
import { parseId } from '../../arguments.ts';
import type { Cli, PrintOptions } from '../../cli.ts';
import { newCommand } from '../../command.ts';
import { withArchive } from '../with-archive.ts';
import { partsText, repairedText, repairPlanText } from './repair-text.ts';

interface Options extends PrintOptions {
  readonly dryRun?: boolean;
  readonly changedRows?: boolean;
}

export function unitRepair(cli: Cli): Command {
  return newCommand({
    name: 'repair',
    summary: "archive anew what is faulty in a unit's stored parts",
    description:
      'Reads every part of a unit back. One that is not what is on record (PROOF_FAILED, FILE_MISSING, LOCK_MISSING, ENCRYPTION_MISSING) is locked again where only its lock is missing, or another version of its object with the right bytes is taken, or its rows are archived anew from their table; then it is proved, and named in a further manifest. The faulty version stays where it is. Rows that were purged cannot be archived anew: what can be done is printed. Ends with 6 when a part stays faulty.',
    examples: ['archive unit repair 42 --dry-run', 'archive unit repair 42'],
  })
    .argument('<id>', 'number of the unit, as in billvault archive units', parseId)
    .option('--dry-run', 'print what would be done, and stop')
    .option(
      '--changed-rows',
      'archive the rows as they are now, where they are not those that were archived and were never purged',
    )
    .action(async (unitId: number, { dryRun = false, changedRows = false, ...options }: Options) => {
      const { actor } = cli;
      const { signal } = cli.io;
      const plan = await withArchive(cli, async (archive) => {
        if (dryRun) {
          const planned = await planRepair(archive, { unitId, signal });
          cli.print(options, planned, () => repairPlanText(planned));
          return planned;
        }
        const onPlan = (planned: RepairPlan) => {
          if (!options.json) cli.print(options, planned, () => repairPlanText(planned));
        };
        const outcome = await repairUnit(archive, { unitId, takesChangedRows: changedRows, actor, signal, onPlan });
        cli.print(options, outcome, () => repairedText(outcome));
        return outcome.plan;
      });
      requireMended(plan, changedRows);
    });
}

/** @throws AppError FILES_FAILED naming the parts about which nothing is done */
function requireMended(plan: RepairPlan, takesChangedRows: boolean): void {
  const left = plan.entries.filter((entry) => entry.fault !== null && !isDone(entry, takesChangedRows));
  if (left.length === 0) return;
  const parts = partsText(left.map(({ part }) => part));
  throw new AppError('FILES_FAILED', `${parts} of unit ${plan.unitId} cannot be repaired so: see above`);
}
