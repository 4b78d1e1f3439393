import { rowsOf } from '../../../archive/plan/reason.ts';
import type { RepairEntry, RepairPlan } from '../../../archive/repair/repair-plan.ts';
import type { RepairOutcome } from '../../../archive/repair/repair-unit.ts';
import { printable } from '../../../printable.ts';
import { count } from '../../output/format.ts';

/** What a repair would do, part by part; sound parts are counted. */
export function repairPlanText(plan: RepairPlan): string {
  const { unitId, source, schema, table, month, state, entries } = plan;
  const told = entries.filter(({ remedy }) => remedy.kind !== 'none');
  const faulty = entries.filter(({ fault }) => fault !== null);
  const name = `unit ${unitId}, ${source}/${schema}.${table} ${month}`;
  const parts = entries.length === 1 ? '1 part' : `${count(entries.length)} parts`;
  if (told.length === 0) {
    const next = goesOn(state) ? '; billvault archive run --retry-now goes on with the unit' : '';
    return `${name}: nothing is wrong with its ${parts}${next}`;
  }
  return [
    `${name}: of its ${parts} ${count(faulty.length)} ${faulty.length === 1 ? 'is' : 'are'} faulty`,
    ...told.flatMap(entryLines),
    'nothing of the unit is purged meanwhile, and no object is deleted',
  ]
    .map(printable)
    .join('\n');
}

export function repairedText({ plan, repaired, left, state }: RepairOutcome): string {
  if (repaired.length === 0) return `nothing was repaired: unit ${plan.unitId} is ${state}`;
  const proved = `repaired: ${partsText(repaired)}; unit ${plan.unitId} is ${state}`;
  return left.length === 0
    ? proved
    : `${proved}, as ${partsText(left)} ${left.length === 1 ? 'is' : 'are'} faulty still`;
}

/** What is verified waits for its policy at most, and what is purged for nothing. */
function goesOn(state: RepairPlan['state']): boolean {
  return state !== 'VERIFIED' && state !== 'PURGED';
}

/** `part 3`, `parts 3, 7`. */
export function partsText(parts: readonly number[]): string {
  return `${parts.length === 1 ? 'part' : 'parts'} ${parts.join(', ')}`;
}

function entryLines({ part, bucket, key, versionId, rows, fault, remedy }: RepairEntry): readonly string[] {
  const version = versionId === null ? '' : `, version ${versionId}`;
  const name = `part ${part}, ${rowsOf(rows)}, s3://${bucket}/${key}${version}`;
  const wrong = fault === null ? [] : [`  ${fault.code}: ${fault.text}`];
  return [name, ...wrong, ...remedyLines(remedy, rows).map((line) => `  -> ${line}`)];
}

function remedyLines(remedy: RepairEntry['remedy'], rows: number): readonly string[] {
  switch (remedy.kind) {
    case 'none':
      return [];
    case 'unchecked':
      return [`not looked at: ${remedy.text}`];
    case 'lock-again':
      return ['its bytes are right: it is locked again, and proved'];
    case 'take-version':
      return [
        `version ${remedy.versionId} of the object has its bytes: that one is locked, proved, and named from now on; the faulty one stays where it is`,
      ];
    case 'archive-anew':
      return [
        `its ${rowsOf(remedy.rows)} are in the table as they were archived: they are archived anew, proved, and named in a further manifest; the faulty version stays where it is`,
      ];
    case 'ask':
      return [
        `not as it is: the table has ${rowsOf(remedy.rows)} in its place, and these are not the ${rowsOf(rows)} that were archived, though no purge of ours deleted any`,
        'with --changed-rows they are archived as they are; what was changed or deleted since is then in no part that counts',
      ];
    case 'impossible':
      return remedy.advice;
  }
}
