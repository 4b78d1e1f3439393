import { printable } from '../../printable.ts';
import { estimateText } from '../cost/money.ts';
import { count } from '../plan/reason.ts';
import type { PlannedClass, PlannedPart, RestorePlan, RestoreTablePlan } from './restore-plan.ts';

/** A plan as it is printed before anything is done: tables, what they differ in, what it takes, and a sum. */
export function restoreLines(plan: RestorePlan): readonly string[] {
  return [
    ...plan.tables.flatMap(tableLines),
    ...plan.storage.map(classLine),
    ...plan.refusals.map((refusal) => `! ${printable(refusal)}`),
    summary(plan),
  ];
}

function tableLines({ from, target, isNew, parts, differences, notes }: RestoreTablePlan): readonly string[] {
  const made = isNew ? ' (made from its archived definition)' : '';
  const names = [from, target].map(({ source, schema, table }) => printable(`${source}/${schema}.${table}`));
  return [
    `${names[0]} → ${names[1]}${made}`,
    ...[...Map.groupBy(parts, ({ month }) => month)].map(([month, of]) => `  ${month}  ${monthText(of)}`),
    ...differences.map(({ text }) => `  ~ ${printable(text)}`),
    ...notes.map((note) => `  - ${printable(note)}`),
  ];
}

function monthText(parts: readonly PlannedPart[]): string {
  const wanted = parts.filter(({ isThere }) => !isThere);
  const there = parts.length - wanted.length;
  const skipped = there === 0 ? '' : `${wanted.length === 0 ? '' : '; '}${partsText(there)} restored before: skipped`;
  const rows = wanted.reduce((sum, part) => sum + part.rows, 0);
  return wanted.length === 0 ? skipped : `${count(rows)} rows in ${partsText(wanted.length)}${skipped}`;
}

function classLine({ storageClass, isCold, objects, bytes, waitHours, cost }: PlannedClass): string {
  const wait = isCold ? `, asked for first: up to ${waitHours} h` : '';
  return `${storageClass}: ${objectsText(objects)}, ${count(bytes)} bytes${wait}, ${estimateText(cost)}`;
}

function summary({ tables, storage, waitHours, cost, refusals }: RestorePlan): string {
  if (refusals.length > 0) return 'nothing is restored as long as this stands in the way';
  const wanted = tables.flatMap(({ parts }) => parts).filter(({ isThere }) => !isThere);
  if (wanted.length === 0) return 'nothing to restore';
  const rows = wanted.reduce((sum, part) => sum + part.rows, 0);
  const bytes = storage.reduce((sum, one) => sum + one.bytes, 0);
  const wait = waitHours === 0 ? 'at once' : `after up to ${waitHours} h`;
  return `to restore: ${count(rows)} rows of ${objectsText(wanted.length)} (${count(bytes)} bytes), ${wait}, ${estimateText(cost)}`;
}

function partsText(parts: number): string {
  return parts === 1 ? '1 part' : `${count(parts)} parts`;
}

function objectsText(objects: number): string {
  return objects === 1 ? '1 object' : `${count(objects)} objects`;
}
