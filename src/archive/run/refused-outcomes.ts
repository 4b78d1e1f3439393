import { type ErrorCode, errorCodes, isTransient } from '../../errors.ts';
import type { ArchivePlan, PlanEntry } from '../plan/plan.ts';
import { type Reason, reasonText } from '../plan/reason.ts';
import type { TableOutcome } from './outcome.ts';

/**
 * What a plan leaves alone although a policy asks for it: a table that cannot be asked, a policy that is refused, a unit
 * that failed and is not tried again yet. Each has failed, as loudly as one whose export did: a run that does nothing of
 * what it is to do does not end well.
 */
export function refusedOutcomes({ entries }: ArchivePlan): readonly TableOutcome[] {
  return entries.flatMap((entry): readonly TableOutcome[] => {
    const refusal = refusalOf(entry);
    if (refusal === undefined) return [];
    const failure = { ...refusal, isTransient: isTransient(refusal.code) };
    return [{ entry, unitId: entry.unitId ?? undefined, kind: 'failed', rows: 0, parts: 0, failure }];
  });
}

type Refusal = { readonly code: ErrorCode; readonly text: string };

function refusalOf({ action, month, reasons }: PlanEntry): Refusal | undefined {
  if (action !== 'none') return undefined;
  for (const reason of reasons) {
    const code = codeOf(reason);
    // Of the table as a whole it is a note: it matters to a month that is due.
    if (code === undefined || (reason.code === 'no-index' && month === null)) continue;
    if (reason.code === 'unreadable') return { code, text: reason.message };
    if (reason.code !== 'failed-before') return { code, text: reasonText(reason) };
    return { code, text: `${reasons.map(reasonText).join('; ')}; --retry-now tries now` };
  }
  return undefined;
}

/** Undefined: nothing is wrong, or it is only told along with what is done. */
function codeOf(reason: Reason): ErrorCode | undefined {
  switch (reason.code) {
    case 'unreadable':
      return reason.error;
    case 'denied':
      return 'TABLE_DENIED';
    case 'policy-refused':
    case 'no-time-column':
    case 'time-column-changed':
      return 'POLICY_INVALID';
    case 'no-index':
      return reason.isRefused ? 'POLICY_INVALID' : undefined;
    case 'failed-before':
      return errorCodes.find((code) => reason.error.startsWith(`${code} `)) ?? 'FILES_FAILED';
    default:
      return undefined;
  }
}
