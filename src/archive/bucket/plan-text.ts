import { printable } from '../../printable.ts';
import type { BucketPlan, PlanEntry } from './plan.ts';

/** A plan as a person reads it: a difference for each setting, then what contradicts the archive, then notes. */
export function planText({ bucket, region, entries, findings, notes }: BucketPlan): string {
  const lines = [
    `s3://${bucket} in ${region}`,
    ...entries.flatMap(entryLines),
    ...findings.map(({ setting, severity, text }) => `${severity === 'danger' ? '  !' : '  .'} ${setting}: ${text}`),
    ...notes.map((note) => `  . ${note}`),
  ];
  return lines.map(printable).join('\n');
}

function entryLines({ setting, actual, wanted, action, text }: PlanEntry): readonly string[] {
  const head = `  ${action.padEnd(11)} ${setting}${action === 'ok' ? '' : `: ${text}`}`;
  if (action === 'ok') return [head];
  return [
    head,
    ...actual.filter((line) => !wanted.includes(line)).map((line) => `      - ${line}`),
    ...wanted.filter((line) => !actual.includes(line)).map((line) => `      + ${line}`),
  ];
}
