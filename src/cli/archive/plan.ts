import type { Command } from 'commander';
import type { ArchiveContext } from '../../archive/context.ts';
import type { PlanFilter } from '../../archive/plan/plan.ts';
import { planLines } from '../../archive/plan/plan-lines.ts';
import { planAllSources, type SourcePlan } from '../../archive/run/plan-all.ts';
import { AppError } from '../../errors.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { noteUnapplied } from './note-unapplied.ts';
import { requireSource } from './require-source.ts';
import { addSelectionOptions, type SelectionOptions, selectionOf } from './selection.ts';
import { withArchive } from './with-archive.ts';

export interface PlanOptions extends PrintOptions, SelectionOptions {
  readonly retryNow?: boolean;
}

export function archivePlan(cli: Cli): Command {
  const command = newCommand({
    name: 'plan',
    summary: 'print what a run would do now, and why',
    description:
      'Prints what a run would do now, table by table and month by month, with its reasons; the same as "archive run --dry-run". Nothing is written to the bucket or to a source database.',
    examples: ['archive plan', 'archive plan --source ledger --from 2026-01', 'archive plan --table ledger/public.*'],
  });
  return addPlanOptions(command).action((options: PlanOptions) => printPlan(cli, options));
}

export function addPlanOptions(command: Command): Command {
  return addSelectionOptions(command, { takesPatterns: true }).option(
    '--retry-now',
    'try again at once what failed before, without waiting',
  );
}

/** @throws AppError NOT_FOUND for what no policy reaches; what a source that cannot be asked says */
export async function printPlan(cli: Cli, options: PlanOptions): Promise<void> {
  const filter = planFilterOf(options);
  const { signal } = cli.io;
  const plans = await withArchive(cli, async (archive, resources) => {
    requireSources(archive, filter);
    await noteUnapplied(cli, archive, resources);
    return planAllSources(archive, { filter, signal });
  });
  cli.print(options, plans.map(planValue), () => planText(plans));
  requireReached(filter, plans);
  const failed = plans.find((one) => 'failure' in one);
  if (failed !== undefined) throw failed.failure;
}

export function planFilterOf(options: PlanOptions): PlanFilter {
  const { source, table, from, to } = selectionOf(options);
  return {
    sources: source === undefined ? undefined : [source],
    tables: table === undefined ? undefined : [table],
    from,
    to,
    retryNow: options.retryNow,
  };
}

export function requireSources(archive: ArchiveContext, { sources = [] }: PlanFilter): void {
  for (const source of sources) requireSource(archive, source);
}

/** @throws AppError NOT_FOUND when a table was named, and no policy reaches it */
export function requireReached(filter: PlanFilter, plans: readonly SourcePlan[]): void {
  const [table] = filter.tables ?? [];
  if (table === undefined || plans.some((one) => 'failure' in one || one.plan.entries.length > 0)) return;
  throw new AppError(
    'NOT_FOUND',
    `no policy reaches the table ${table}: see billvault archive policies; one of billvault.yaml counts once it is applied (billvault archive policy apply)`,
  );
}

export const noPolicies = 'there are no policies: nothing is archived (billvault archive policy apply)';

function planText(plans: readonly SourcePlan[]): string {
  if (plans.length === 0) return noPolicies;
  return plans
    .flatMap((one) =>
      'plan' in one ? planLines(one.plan) : [one.source, `! ${one.failure.code}: ${one.failure.message}`],
    )
    .join('\n');
}

function planValue(one: SourcePlan) {
  if ('plan' in one) return { source: one.source, ...one.plan };
  const { code, message } = one.failure;
  return { source: one.source, failure: { code, message } };
}
