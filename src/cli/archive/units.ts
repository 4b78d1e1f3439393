import type { Command } from 'commander';
import { listUnits } from '../../registry/archive/list-units.ts';
import type { UnitRecord } from '../../registry/archive/unit-record.ts';
import { UnitState } from '../../registry/generated/enums.ts';
import { allPages } from '../all-pages.ts';
import { parseChoice, parseId, parseWhole } from '../arguments.ts';
import type { Cli, PrintOptions } from '../cli.ts';
import { newCommand } from '../command.ts';
import { defaultLimit, limitRange } from '../limit.ts';
import { bytes, count } from '../output/format.ts';
import { type Column, table } from '../output/table.ts';
import { requireSource } from './require-source.ts';
import { addSelectionOptions, type SelectionOptions, selectionOf } from './selection.ts';
import { namesOf } from './table-path.ts';
import { withArchive } from './with-archive.ts';

interface Options extends PrintOptions, SelectionOptions {
  readonly state?: UnitState;
  readonly limit: number;
  readonly after?: number;
}

const states = Object.values(UnitState);

const columns: readonly Column<UnitRecord>[] = [
  { title: 'unit', align: 'right', of: ({ id }) => String(id) },
  { title: 'table', of: (unit) => `${unit.source}/${unit.schema}.${unit.table}` },
  { title: 'month', of: ({ month }) => month },
  { title: 'mode', of: ({ mode }) => mode },
  { title: 'state', of: ({ state }) => state },
  { title: 'round', align: 'right', of: ({ round }) => String(round) },
  { title: 'rows', align: 'right', of: ({ rows }) => count(rows) },
  { title: 'text', align: 'right', of: ({ textBytes }) => bytes(textBytes) },
  { title: 'locked until', of: ({ retainUntil }) => retainUntil.toISOString().slice(0, 10) },
  { title: 'error', of: ({ errorCode }) => errorCode },
];

export function archiveUnits(cli: Cli): Command {
  const command = newCommand({
    name: 'units',
    summary: "list archive units: a table's months, and how far each is",
    description:
      'Lists archive units, oldest first: PLANNED is begun, EXPORTED stored, VERIFIED read back and proved, PURGED deleted from its table by that proof, FAILED waits for its next attempt or a person.',
    examples: ['archive units --state FAILED', 'archive units --table ledger/public.charges --from 2026-01'],
  });
  return addSelectionOptions(command)
    .option('--state <state>', `only in this state: ${states.join(', ')}`, parseChoice(states))
    .option('--limit <rows>', 'rows at most', parseWhole(limitRange), defaultLimit)
    .option('--after <unit>', 'those after this unit: the next page', parseId)
    .action(async (options: Options) => {
      const { source, table: name, from, to } = selectionOf(options);
      const { state, limit, after } = options;
      const filter = { source, ...(name === undefined ? {} : namesOf(name)), state, from, to };
      const units = await withArchive(cli, async (archive) => {
        const found = await allPages(
          (page) => listUnits(archive.registry, filter, { ...page, cursor: page.cursor ?? after }),
          limit,
        );
        // A source that is not configured any more has units still.
        if (found.length === 0) requireSource(archive, source);
        return found;
      });
      cli.print(options, units, () => unitsText(units, limit));
    });
}

function unitsText(units: readonly UnitRecord[], limit: number): string {
  const last = units.at(-1);
  if (last === undefined) return 'no archive units found';
  const lines = [table(columns, units)];
  if (units.length === limit) lines.push(`(the first ${limit}; --after ${last.id} shows the next)`);
  if (units.some(({ errorCode }) => errorCode !== null))
    lines.push('billvault archive unit show ID says what went wrong');
  return lines.join('\n');
}
