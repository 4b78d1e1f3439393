import { decimalDollars, dollarText } from '../../../archive/cost/money.ts';
import type { PlannedClass, RestorePlan, RestoreTablePlan } from '../../../archive/restore/restore-plan.ts';
import { printable } from '../../../printable.ts';
import { bytes, count } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';

const tableColumns: readonly Column<RestoreTablePlan>[] = [
  { title: 'from', of: ({ from }) => placeText(from) },
  { title: 'into', of: ({ target, isNew }) => `${placeText(target)}${isNew ? ' (made anew)' : ''}` },
  { title: 'months', of: ({ parts }) => monthsText(parts) },
  { title: 'parts', align: 'right', of: ({ parts }) => count(parts.length) },
  { title: 'there already', align: 'right', of: ({ parts }) => count(parts.filter(({ isThere }) => isThere).length) },
  { title: 'rows', align: 'right', of: ({ parts }) => count(sum(parts.map(({ rows }) => rows))) },
  { title: 'bytes', align: 'right', of: ({ parts }) => bytes(sum(parts.map((part) => part.bytes))) },
];

const storageColumns: readonly Column<PlannedClass>[] = [
  { title: 'class', of: ({ storageClass }) => storageClass },
  { title: 'objects', align: 'right', of: ({ objects }) => count(objects) },
  { title: 'bytes', align: 'right', of: (one) => bytes(one.bytes) },
  { title: 'wait', align: 'right', of: ({ isCold, waitHours }) => (isCold ? `up to ${waitHours} h` : 'none') },
  { title: 'cost', align: 'right', of: ({ cost }) => dollarText(cost) },
];

export function restorePlanText({ tables, storage, refusals, waitHours, cost }: RestorePlan): string {
  const remarks = tables.flatMap(({ from, differences, notes }) => [
    ...differences.map(({ text }) => `  . ${placeText(from)}: ${text}`),
    ...notes.map((note) => `  . ${placeText(from)}: ${note}`),
  ]);
  const wait = waitHours === 0 ? 'readable at once' : `readable after ${waitHours} hours at the latest`;
  return [
    table(tableColumns, tables),
    ...(storage.length === 0 ? [] : ['', table(storageColumns, storage), `${wait}, ${dollarText(cost)} in all`]),
    ...(remarks.length === 0 ? [] : ['', ...remarks.map(printable)]),
    ...refusals.map((refusal) => `  ! ${printable(refusal)}`),
  ].join('\n');
}

/** Money as decimal text: no program's float can round it. */
export function restorePlanValue({ cost, storage, ...plan }: RestorePlan) {
  return {
    ...plan,
    dollars: decimalDollars(cost),
    storage: storage.map(({ cost: ofClass, ...one }) => ({ ...one, dollars: decimalDollars(ofClass) })),
  };
}

function placeText({ source, schema, table: name }: RestoreTablePlan['from']): string {
  return `${source}/${schema}.${name}`;
}

function monthsText(parts: RestoreTablePlan['parts']): string {
  const months = parts.map(({ month }) => month).sort();
  const [first = '', last = first] = [months[0], months.at(-1)];
  return first === last ? first : `${first} to ${last}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
