import type { Command } from 'commander';
import { reasonText, rowsOf } from '../../archive/plan/reason.ts';
import type { TableOutcome } from '../../archive/run/outcome.ts';
import { runAllSources, type SourceRun } from '../../archive/run/run-all.ts';
import { AppError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { newCommand } from '../command.ts';
import { showArchiveProgress } from '../output/archive-progress.ts';
import { count } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';
import { noteUnapplied } from './note-unapplied.ts';
import {
  addPlanOptions,
  noPolicies,
  type PlanOptions,
  planFilterOf,
  printPlan,
  requireReached,
  requireSources,
} from './plan.ts';
import { withArchive } from './with-archive.ts';

interface Options extends PlanOptions {
  readonly dryRun?: boolean;
}

export function archiveRun(cli: Cli): Command {
  const command = newCommand({
    name: 'run',
    summary: 'archive now what is due: export, prove, purge as the policies say',
    description: `Does in this process what the service does by schedule: exports what is due, stores it locked, reads it back as its proof, writes the manifest, and deletes what the policies say. Killed at any point, the next run goes on from the last proved step. Ends with 6 when anything failed.`,
    examples: [
      'archive run --dry-run',
      'archive run --source ledger',
      'archive run --table ledger/public.charges --month 2026-01 --retry-now',
    ],
  });
  return addPlanOptions(command)
    .option('--dry-run', 'print the plan with its reasons, and stop')
    .action((options: Options) => (options.dryRun ? printPlan(cli, options) : run(cli, options)));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const filter = planFilterOf(options);
  const { actor } = cli;
  const { signal, stderr } = cli.io;
  const runs = await withArchive(cli, async (archive, resources) => {
    requireSources(archive, filter);
    await noteUnapplied(cli, archive, resources);
    const progress = showArchiveProgress(stderr);
    try {
      return await runAllSources(archive, { filter, trigger: 'manual', actor, signal, ...progress });
    } finally {
      progress.stop();
    }
  });
  cli.print(options, runs.map(runValue), () => runsText(runs));
  requireReached(
    filter,
    runs.map((one) => ('summary' in one ? { source: one.source, plan: one.summary.plan } : one)),
  );
  requireDone(runs);
}

/** @throws AppError FILES_FAILED when units failed, or the failure of the sources when there is nothing else */
function requireDone(runs: readonly SourceRun[]): void {
  const failures = runs.flatMap((one) => ('failure' in one ? [one.failure] : []));
  const [first] = failures;
  if (first !== undefined && failures.length === runs.length) throw first;
  const failed = runs.reduce((sum, one) => sum + ('summary' in one ? one.summary.counts.failed : 0), 0);
  if (failed > 0) {
    throw new AppError(
      'FILES_FAILED',
      `${failed === 1 ? 'one table or month' : `${failed} tables or months`} failed: each says why above, and billvault archive plan what is to be done`,
    );
  }
  if (first !== undefined) throw new AppError('FILES_FAILED', `${failures.length} sources failed: ${first.message}`);
}

const columns: readonly Column<TableOutcome>[] = [
  { title: 'table', of: ({ entry }) => `${entry.source}/${entry.schema}.${entry.table}` },
  { title: 'month', of: ({ entry }) => entry.month },
  { title: 'unit', align: 'right', of: ({ unitId }) => (unitId === undefined ? '' : String(unitId)) },
  { title: 'outcome', of: ({ kind }) => kind },
  { title: 'parts', align: 'right', of: ({ parts }) => count(parts) },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'purged', align: 'right', of: ({ purgedRows }) => count(purgedRows ?? 0) },
  { title: 'why', of: whyText },
];

/** Why it failed or waits; else what keeps its rows in the database, where that is not the policy itself. */
function whyText({ failure, entry }: TableOutcome): string {
  if (failure !== undefined) return `${failure.code}: ${failure.text}`;
  const keeping = entry.reasons.filter(({ code }) => code === 'held' || code === 'restored-until');
  return keeping.map(reasonText).join('; ');
}

function runsText(runs: readonly SourceRun[]): string {
  if (runs.length === 0) return noPolicies;
  return runs.map(runText).join('\n\n');
}

function runText(one: SourceRun): string {
  if ('failure' in one) return `${one.source}: ${one.failure.code}: ${one.failure.message}`;
  const { runId, outcomes, counts, plan } = one.summary;
  const { verified, purged, purgedRows, waiting, failed } = counts;
  const lines = plan.findings.map(({ message }) => `! ${message}`);
  if (outcomes.length === 0)
    lines.push(`run ${runId} of ${one.source}: nothing to do (billvault archive plan says why)`);
  else {
    lines.push(
      `run ${runId} of ${one.source}: ${count(verified)} archived and proved, ${count(purged)} purged (${rowsOf(purgedRows)}), ${count(waiting)} waiting, ${count(failed)} failed`,
      '',
      table(columns, outcomes),
    );
  }
  return lines.join('\n');
}

function runValue(one: SourceRun) {
  if ('failure' in one) {
    const { code, message } = one.failure;
    return { source: one.source, failure: { code, message } };
  }
  const { runId, plan, outcomes, counts } = one.summary;
  return { source: one.source, runId, counts, findings: plan.findings, outcomes };
}
