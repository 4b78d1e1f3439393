export const lockModes = ['GOVERNANCE', 'COMPLIANCE'] as const;
export type LockMode = (typeof lockModes)[number];

export interface Retention {
  readonly mode: LockMode;
  readonly untilMs: number;
}

/** Object Lock of one version. */
export interface Lock {
  readonly retention: Retention | undefined;
  /** undefined: none was ever put on or taken off, which S3 tells apart. */
  readonly legalHold: boolean | undefined;
}

/** Default of a bucket: counts from the upload, whatever the object is about. */
export interface DefaultRetention {
  readonly mode: LockMode;
  readonly days: number | undefined;
  readonly years: number | undefined;
}

interface Attempt {
  readonly nowMs: number;
  /** The caller asked to bypass GOVERNANCE, and may. */
  readonly bypassGovernance: boolean;
}

/** Whether this version may be deleted for good. A legal hold cannot be bypassed, nor can COMPLIANCE. */
export function mayDelete(lock: Lock, attempt: Attempt): boolean {
  if (lock.legalHold === true) return false;
  return (
    !isRetained(lock.retention, attempt.nowMs) || (lock.retention?.mode === 'GOVERNANCE' && attempt.bypassGovernance)
  );
}

/** Whether a retention may be replaced: always by a longer one of its mode; GOVERNANCE by anything for who may bypass it. */
export function mayReplaceRetention(
  before: Retention | undefined,
  after: Retention | undefined,
  attempt: Attempt,
): boolean {
  if (before === undefined || !isRetained(before, attempt.nowMs)) return true;
  if (after !== undefined && after.mode === before.mode && after.untilMs >= before.untilMs) return true;
  return before.mode === 'GOVERNANCE' && attempt.bypassGovernance;
}

export function isRetained(retention: Retention | undefined, nowMs: number): boolean {
  return retention !== undefined && retention.untilMs > nowMs;
}

export function applyDefault(rule: DefaultRetention | undefined, uploadedAtMs: number): Retention | undefined {
  if (rule === undefined) return undefined;
  const until = new Date(uploadedAtMs);
  if (rule.days !== undefined) until.setUTCDate(until.getUTCDate() + rule.days);
  if (rule.years !== undefined) until.setUTCFullYear(until.getUTCFullYear() + rule.years);
  return { mode: rule.mode, untilMs: until.getTime() };
}
