import { printable } from '../../printable.ts';
import { tableText } from '../policy/table-pattern.ts';
import type { ArchivePlan, PlanAction, PlanEntry } from './plan.ts';
import { count, reasonText, rowsOf } from './reason.ts';

const words: Readonly<Record<PlanAction, string>> = {
  export: 'export',
  resume: 'resume',
  verify: 'verify',
  'further-part': 'further part',
  purge: 'purge',
  none: '-',
};
const wordWidth = Math.max(...Object.values(words).map(({ length }) => length));

/** A plan as `--dry-run` prints it: by source and table, findings and a sum at the end. */
export function planLines(plan: ArchivePlan): readonly string[] {
  const bySource = Map.groupBy(plan.entries, ({ source }) => source);
  return [
    ...[...bySource].flatMap(([source, entries]) => [source, ...tableLines(entries)]),
    ...plan.findings.map(({ message }) => `! ${printable(message)}`),
    planSummary(plan),
  ];
}

/** What would be done, in one line. */
export function planSummary({ entries }: ArchivePlan): string {
  const busy = entries.filter(({ action }) => action !== 'none');
  if (busy.length === 0) return 'nothing to do';
  const byAction = Map.groupBy(busy, ({ action }) => action);
  const sums = [...byAction].map(([action, of]) => `${words[action]} ${count(of.length)} (${rowsText(of)})`);
  const purged = busy.filter(({ purges }) => purges);
  const deletes = purged.length === 0 ? 'nothing is deleted' : `${rowsText(purged)} deleted after their proof`;
  return `to do: ${sums.join(', ')}; ${deletes}`;
}

function tableLines(entries: readonly PlanEntry[]): readonly string[] {
  const byTable = Map.groupBy(
    entries,
    (entry) => `${printable(tableText(entry))} (policy ${entry.policy}, ${entry.mode})`,
  );
  return [...byTable].flatMap(([table, of]) => [`  ${table}`, ...of.flatMap(entryLines)]);
}

function entryLines({ month, action, purges, rows, reasons }: PlanEntry): readonly string[] {
  if (month === null) return reasons.map((reason) => `    ${reasonText(reason)}`);
  const size = rows === null ? '' : `${rowsOf(rows)}: `;
  const purge = purges && action !== 'purge' ? 'then purge; ' : '';
  return [`    ${month}  ${words[action].padEnd(wordWidth)}  ${size}${purge}${reasons.map(reasonText).join('; ')}`];
}

function rowsText(entries: readonly PlanEntry[]): string {
  if (entries.every(({ rows }) => rows === null)) return 'snapshots';
  return rowsOf(entries.reduce((sum, { rows }) => sum + (rows ?? 0), 0));
}
