import { AwsError } from '../aws-error.ts';

/** A request to bring a cold object back for some days. */
export interface Restore {
  readonly readyAtMs: number;
  /** The copy's end: midnight UTC after the days asked for. */
  readonly expiresAtMs: number;
}

export const restoreTiers = ['Expedited', 'Standard', 'Bulk'] as const;
export type RestoreTier = (typeof restoreTiers)[number];

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

/** The longest that AWS says a restore takes ("Archive retrieval options", S3 user guide). */
const delayMs: Readonly<Record<'GLACIER' | 'DEEP_ARCHIVE', Readonly<Record<RestoreTier, number | undefined>>>> = {
  GLACIER: { Expedited: hourMs / 12, Standard: 5 * hourMs, Bulk: 12 * hourMs },
  DEEP_ARCHIVE: { Expedited: undefined, Standard: 12 * hourMs, Bulk: 48 * hourMs },
};

/** @throws AwsError InvalidArgument for a tier that the class does not have */
export function requestRestore(
  storageClass: 'GLACIER' | 'DEEP_ARCHIVE',
  asked: { readonly tier: RestoreTier; readonly days: number },
  nowMs: number,
): Restore {
  const delay = delayMs[storageClass][asked.tier];
  if (delay === undefined)
    throw new AwsError('InvalidArgument', `${asked.tier} retrieval is not available for ${storageClass}.`);
  return until(nowMs + delay, asked.days);
}

/** A further request while the copy is there only changes how long it stays. */
export function extendRestore(restore: Restore, days: number, nowMs: number): Restore {
  return { ...restore, expiresAtMs: until(nowMs, days).expiresAtMs };
}

export type RestoreState = 'none' | 'ongoing' | 'ready';

export function restoreState(restore: Restore | undefined, nowMs: number): RestoreState {
  if (restore === undefined || nowMs >= restore.expiresAtMs) return 'none';
  return nowMs < restore.readyAtMs ? 'ongoing' : 'ready';
}

/** The value of `x-amz-restore`. */
export function restoreHeader(restore: Restore | undefined, nowMs: number): string | undefined {
  const state = restoreState(restore, nowMs);
  if (restore === undefined || state === 'none') return undefined;
  if (state === 'ongoing') return 'ongoing-request="true"';
  return `ongoing-request="false", expiry-date="${new Date(restore.expiresAtMs).toUTCString()}"`;
}

function until(readyAtMs: number, days: number): Restore {
  return { readyAtMs, expiresAtMs: Math.ceil((readyAtMs + days * dayMs) / dayMs) * dayMs };
}
