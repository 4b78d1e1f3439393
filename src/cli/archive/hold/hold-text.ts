import type { HoldOutcome } from '../../../archive/holds/place-hold.ts';
import type { HoldReconciliation } from '../../../archive/holds/reconcile-holds.ts';
import type { Hold } from '../../../registry/archive/hold.ts';
import { count } from '../../output/format.ts';
import { type Column, table } from '../../output/table.ts';

/** What is held, in one text: `ledger/public.charges 2025-01 to 2025-06`. */
export function heldText({ source, table: name, from, to }: Hold): string {
  return `${source}/${name ?? '*'}${monthsText(from, to)}`;
}

function monthsText(from: string | null, to: string | null): string {
  if (from === null && to === null) return '';
  if (from === to) return ` ${from}`;
  return `${from === null ? '' : ` since ${from}`}${to === null ? '' : ` up to ${to}`}`;
}

export function holdOutcomeText({ hold, objects }: HoldOutcome): string {
  const state = hold.releasedAt === null ? 'in force' : 'released';
  return [
    `hold ${hold.id} on ${heldText(hold)}: ${state}`,
    objects === undefined
      ? 'the bucket could not be reached: the service sets its objects later (billvault archive hold reconcile)'
      : reconciliationText(objects),
  ].join('\n');
}

export function reconciliationText({ put, takenOff, ended, failed, failures }: HoldReconciliation): string {
  const sums = `legal holds put on ${objectsText(put)}, taken off ${count(takenOff)}${endedText(ended)}`;
  if (failed === 0) return sums;
  return `${sums}; ${objectsText(failed)} could not be changed\n\n${table(failureColumns, failures)}`;
}

function objectsText(objects: number): string {
  return objects === 1 ? '1 object' : `${count(objects)} objects`;
}

function endedText(ended: number): string {
  if (ended === 0) return '';
  return `; ${ended === 1 ? '1 hold' : `${count(ended)} holds`} ended by ${ended === 1 ? 'its' : 'their'} date`;
}

const failureColumns: readonly Column<HoldReconciliation['failures'][number]>[] = [
  { title: 'object', of: ({ object }) => object },
  { title: 'error', of: ({ code }) => code },
  { title: 'why', of: ({ text }) => text },
];
