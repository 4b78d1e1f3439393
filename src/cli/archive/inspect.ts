import type { Command } from 'commander';
import type { ArchiveContext } from '../../archive/context.ts';
import { decimalDollars, dollarText } from '../../archive/cost/money.ts';
import { pricesOf } from '../../archive/cost/prices.ts';
import type { TableInspection } from '../../archive/inspect/inspect-table.ts';
import { type InspectedTable, inspectTables } from '../../archive/inspect/inspect-tables.ts';
import { registrySource } from '../../archive/policy/registry-source.ts';
import { AppError } from '../../errors.ts';
import { safeInteger } from '../../registry/safe-integer.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { bytes, count } from '../output/format.ts';
import { type Column, facts, table } from '../output/table.ts';
import { requireSource } from './require-source.ts';
import { parseSourcePath } from './table-path.ts';
import { withArchive } from './with-archive.ts';

type Path = ReturnType<typeof parseSourcePath>;

export function archiveInspect(cli: Cli): Command {
  return newCommand({
    name: 'inspect',
    summary: 'what is in a source database, what of it is due, and what that would weigh and cost',
    description: `Looks at tables as their policies would, or as a policy with defaults would where there is none: size, rows, oldest and newest row, rows due, whether an index begins with the time column, and what the archive of them would weigh and cost a month. Rows of the table are sampled for that. Nothing is changed.`,
    examples: ['archive inspect', 'archive inspect ledger', 'archive inspect ledger/public.charges'],
  })
    .argument('[source[/schema.table]]', 'only this source database, or this table', parseSourcePath)
    .action(async (path: Path | undefined, options: PrintOptions) => {
      const tables = await withArchive(cli, (archive) => inspect(archive, path, cli.io.signal));
      cli.print(options, tables.map(tableValue), () => inspectionText(tables, path));
    });
}

async function inspect(
  archive: ArchiveContext,
  path: Path | undefined,
  signal: AbortSignal,
): Promise<readonly InspectedTable[]> {
  requireSource(archive, path?.source);
  const sources = path === undefined ? archive.sources.names.filter((name) => name !== registrySource) : [path.source];
  const tables: InspectedTable[] = [];
  for (const source of sources) tables.push(...(await inspectTables(archive, { source, table: path?.table, signal })));
  if (path?.table !== undefined && tables.length === 0) {
    throw new AppError('NOT_FOUND', `source ${path.source} has no table ${path.table}`);
  }
  return tables;
}

const columns: readonly Column<InspectedTable>[] = [
  { title: 'table', of: nameOf },
  { title: 'policy', of: ({ policy }) => policy ?? 'none' },
  { title: 'by time', of: ({ timeColumn, inspection }) => (inspection === null ? '' : (timeColumn ?? 'snapshot')) },
  { title: 'size', align: 'right', of: ({ inspection }) => bytes(inspection?.sizeBytes ?? null) },
  { title: 'rows', align: 'right', of: ({ inspection }) => count(inspection?.rows ?? null) },
  { title: 'oldest', of: ({ inspection }) => inspection?.oldest?.slice(0, dayLength) ?? '' },
  { title: 'newest', of: ({ inspection }) => inspection?.newest?.slice(0, dayLength) ?? '' },
  { title: 'rows due', align: 'right', of: ({ inspection }) => (inspection === null ? '' : dueText(inspection)) },
  { title: 'archive', align: 'right', of: ({ inspection }) => (inspection === null ? '' : weightText(inspection)) },
  {
    title: 'a month',
    align: 'right',
    of: ({ inspection }) => (inspection === null ? '' : dollarText(inspection.archive.monthlyCost)),
  },
  { title: 'remarks', of: remarks },
];
/** `2026-01-31`. */
const dayLength = 10;

function inspectionText(tables: readonly InspectedTable[], path: Path | undefined): string {
  const [first] = tables;
  if (first === undefined) return 'no tables found';
  const shown = path?.table === undefined ? table(columns, tables) : tableFacts(first);
  const statements = tables.flatMap(({ inspection }) =>
    inspection?.createIndex ? [`${inspection.createIndex};`] : [],
  );
  const offer =
    statements.length === 0 ? [] : ['', 'every range of these reads the whole table; an index helps:', ...statements];
  return [shown, ...offer, '', `list prices of S3 in ${pricesOf.region}, ${pricesOf.date}`].join('\n');
}

function tableFacts(one: InspectedTable): string {
  const { inspection } = one;
  const name = [
    ['table', nameOf(one)],
    ['policy', one.policy ?? 'none'],
  ] as const;
  if (inspection === null) return facts([...name, ['remarks', remarks(one)]]);
  return facts([
    ...name,
    ['time column', one.timeColumn ?? 'none: as a snapshot'],
    ['size', bytes(inspection.sizeBytes)],
    ['rows', count(inspection.rows)],
    ['oldest', inspection.oldest],
    ['newest', inspection.newest],
    ['months due', inspection.due === null ? 'not counted' : count(inspection.due.months)],
    ['rows due', dueText(inspection)],
    ['rows without a month', count(inspection.rowsWithoutMonth)],
    ['time index', inspection.hasTimeIndex],
    ['key', inspection.hasKey],
    ['archive of the rows due', `${weightText(inspection)} in ${count(Number(inspection.archive.objects))} objects`],
    ['estimated by', inspection.archive.basis === 'sample' ? 'a sample of its rows' : "the table's size"],
    ['cost a month', dollarText(inspection.archive.monthlyCost)],
  ]);
}

function nameOf({ source, schema, table: name }: InspectedTable): string {
  return `${source}/${schema}.${name}`;
}

function dueText({ due }: TableInspection): string {
  return due === null ? 'not counted' : count(due.rows);
}

function weightText({ archive }: TableInspection): string {
  return bytes(Number(archive.bytes));
}

function remarks({ deniedBy, failure, inspection, timeColumn }: InspectedTable): string {
  if (deniedBy !== null) return `denied by "${deniedBy}": never archived`;
  if (failure !== null) return `${failure.code}: ${failure.message}`;
  if (inspection === null) return '';
  return [
    ...(timeColumn !== null && !inspection.hasTimeIndex ? ['no index'] : []),
    ...(inspection.hasKey ? [] : ['no key']),
    ...(inspection.rowsWithoutMonth > 0 ? [`${count(inspection.rowsWithoutMonth)} rows without a month`] : []),
  ].join(', ');
}

function tableValue({ inspection, failure, ...one }: InspectedTable) {
  const failed = failure === null ? null : { code: failure.code, message: failure.message };
  if (inspection === null) return { ...one, failure: failed, inspection: null };
  const { bytes: sizeBytes, objects, basis, monthlyCost } = inspection.archive;
  const archive = {
    bytes: safeInteger(sizeBytes),
    objects: safeInteger(objects),
    basis,
    monthlyDollars: decimalDollars(monthlyCost),
  };
  return { ...one, failure: failed, inspection: { ...inspection, archive } };
}
