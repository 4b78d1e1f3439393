import type { Command } from 'commander';
import type { ArchiveContext } from '../../archive/context.ts';
import { archiveStatus, type TableStatus } from '../../archive/status/archive-status.ts';
import { AppError } from '../../errors.ts';
import { nextRun } from '../../jobs.ts';
import { listRefusedPolicies, type RefusedPolicy } from '../../registry/archive/policy-refusal.ts';
import type { MonthStatusRow, StatusFilter } from '../../registry/archive/status.ts';
import type { Page } from '../../registry/page.ts';
import { allPages } from '../all-pages.ts';
import { parseWhole } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { defaultLimit, limitRange } from '../limit.ts';
import { bytes, count, time } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';
import { requireSource } from './require-source.ts';
import { addSelectionOptions, type SelectionOptions, selectionOf } from './selection.ts';
import { namesOf } from './table-path.ts';
import { withArchive } from './with-archive.ts';

interface Options extends PrintOptions, SelectionOptions {
  readonly months?: boolean;
  readonly limit: number;
}

export function archiveStatusCommand(cli: Cli): Command {
  const command = newCommand({
    name: 'status',
    summary: 'how far the archive of every table is: months, rows, bytes, what failed, the oldest row not archived',
    description:
      'Shows, for every table, what is archived and the oldest month that is not; with --months, or of one table, each month with its proof, lock and holds; and policies that are refused. All of it as on record: "archive verify" looks at the bucket.',
    examples: [
      'archive status',
      'archive status --table ledger/public.charges',
      'archive status --source ledger --months',
    ],
  });
  return addSelectionOptions(command)
    .option('--months', 'every month by itself, too')
    .option('--limit <tables>', 'tables at most', parseWhole(limitRange), defaultLimit)
    .action(async (options: Options) => {
      const { source, table: name, from, to } = selectionOf(options);
      const filter = { source, ...(name === undefined ? {} : namesOf(name)), from, to };
      const shown = await withArchive(cli, (archive) => status(archive, filter, options.limit));
      if (shown.tables.length === 0 && name !== undefined) {
        throw new AppError(
          'NOT_FOUND',
          `nothing is known of a table ${name}: no run has met it yet (billvault archive plan)`,
        );
      }
      const showsMonths = options.months === true || name !== undefined;
      cli.print(options, shown, () => statusText(shown, showsMonths));
    });
}

interface ShownTable extends TableStatus {
  /** By the policy's schedule. */
  readonly nextRun: Date | null;
}

interface ShownStatus {
  readonly tables: readonly ShownTable[];
  /** Policies of which nothing is done. */
  readonly refused: readonly RefusedPolicy[];
}

async function status(archive: ArchiveContext, filter: StatusFilter, limit: number): Promise<ShownStatus> {
  const list = async (page: Page) => (await archiveStatus(archive, filter, page)).tables;
  const tables = await allPages(list, limit);
  // A source that is not configured any more has an archive still.
  if (tables.length === 0) requireSource(archive, filter.source);
  const now = archive.now();
  return {
    tables: tables.map((one) => ({ ...one, nextRun: one.schedule === null ? null : nextRun(one.schedule, now) })),
    refused: await listRefusedPolicies(archive.registry, filter.source),
  };
}

const tableColumns: readonly Column<ShownTable>[] = [
  { title: 'table', of: nameOf },
  { title: 'policy', of: ({ policy }) => policy ?? 'none' },
  { title: 'next run (UTC)', of: (one) => time(one.nextRun?.toISOString() ?? null) },
  { title: 'months', of: ({ firstMonth, lastMonth }) => (firstMonth === null ? '' : `${firstMonth} to ${lastMonth}`) },
  { title: 'units', align: 'right', of: ({ units }) => count(units) },
  { title: 'failed', align: 'right', of: ({ failedUnits }) => count(failedUnits) },
  { title: 'parts', align: 'right', of: ({ parts }) => count(parts) },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'bytes', align: 'right', of: (one) => bytes(one.bytes) },
  { title: 'ratio', align: 'right', of: ratioText },
  { title: 'oldest not archived', of: ({ oldestUnarchivedMonth }) => oldestUnarchivedMonth },
];

type NamedMonth = MonthStatusRow & { readonly name: string };

const monthColumns: readonly Column<NamedMonth>[] = [
  { title: 'table', of: ({ name }) => name },
  { title: 'month', of: ({ month }) => month },
  { title: 'unit', align: 'right', of: ({ unitId }) => String(unitId) },
  { title: 'state', of: ({ state }) => state },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'purged', align: 'right', of: ({ purgedRows }) => count(purgedRows) },
  { title: 'bytes', align: 'right', of: (one) => bytes(one.bytes) },
  { title: 'class', of: ({ storageClasses }) => storageClasses.join(', ') },
  {
    title: 'locked until',
    of: ({ lockedUntil, lockMode }) => `${lockedUntil.toISOString().slice(0, 10)} ${lockMode ?? ''}`,
  },
  { title: 'proved (UTC)', of: proofText },
  { title: 'holds', of: ({ holds }) => holds.join(', ') },
  { title: 'error', of: ({ errorCode, errorText }) => (errorCode === null ? '' : `${errorCode}: ${errorText}`) },
];

const refusedColumns: readonly Column<RefusedPolicy>[] = [
  { title: 'refused policy', of: ({ policy }) => policy },
  { title: 'source', of: ({ source }) => source },
  { title: 'since (UTC)', of: ({ at }) => time(at.toISOString()) },
  { title: 'nothing of it is archived, because', of: ({ code, text }) => `${code}: ${text}` },
];

function statusText({ tables, refused }: ShownStatus, showsMonths: boolean): string {
  const overview = tablesText(tables, showsMonths);
  return refused.length === 0 ? overview : `${overview}\n\n${table(refusedColumns, refused)}`;
}

function tablesText(tables: readonly ShownTable[], showsMonths: boolean): string {
  if (tables.length === 0) return 'nothing is archived yet: billvault archive plan';
  const months = tables.flatMap((one) => one.months.map((month) => ({ ...month, name: nameOf(one) })));
  const overview = table(tableColumns, tables);
  return showsMonths && months.length > 0 ? `${overview}\n\n${table(monthColumns, months)}` : overview;
}

function nameOf({ source, schema, table: name }: TableStatus): string {
  return `${source}/${schema}.${name}`;
}

function ratioText({ bytes: stored, textBytes }: TableStatus): string {
  return stored === 0 ? '' : (textBytes / stored).toFixed(1);
}

function proofText({ verifiedAt, doubtedParts, validatedAt, validatedLevel }: MonthStatusRow): string {
  if (doubtedParts > 0) return `NOT any more: ${doubtedParts} parts`;
  const newest = validatedLevel === 'full' ? (validatedAt ?? verifiedAt) : verifiedAt;
  return newest === null ? '' : time(newest.toISOString());
}
