import { createHash } from 'node:crypto';
import type { LifecycleRule } from '../../aws/bucket-lifecycle.ts';
import type { DataPrefix } from './data-prefix.ts';
import { manifestExpiryDays } from './lock-days.ts';

/** An upload that is a week old is nobody's any more: a part is uploaded within minutes, and begun anew after a crash. */
const ABORT_UPLOADS_AFTER_DAYS = 7;
/** Time to notice what was hidden by mistake. What is locked stays in any case, until its lock ends. */
const NONCURRENT_DAYS = 7;

/** Hides nothing before its lock ends; lets everything go after. */
export function wantedRules(base: string, data: readonly DataPrefix[]): readonly LifecycleRule[] {
  const idBase = ruleIdBase(base);
  const housekeeping: LifecycleRule = {
    id: `${idBase}housekeeping`,
    isEnabled: true,
    filter: { prefix: base },
    // Expiration only hides; these three make room, and S3 takes the first only in a rule that expires nothing by days.
    removesLoneMarkers: true,
    noncurrentExpiration: { days: NONCURRENT_DAYS },
    abortUploadsAfterDays: ABORT_UPLOADS_AFTER_DAYS,
  };
  if (data.length === 0) return [housekeeping];
  const manifests: LifecycleRule = {
    id: `${idBase}manifests`,
    isEnabled: true,
    filter: { prefix: manifestPrefix(base) },
    expiration: { days: manifestExpiryDays(Math.max(...data.map(({ lockDays }) => lockDays))) },
  };
  return [housekeeping, manifests, ...data.map((one) => dataRule(idBase, one))];
}

/** Which rules are ours: those of another archive in the same bucket are not. */
export function ruleIdBase(base: string): string {
  return `billvault-${shortDigest(base, 8)}-`;
}

export function manifestPrefix(base: string): string {
  return `${base}_manifests/`;
}

function dataRule(idBase: string, { prefix, steps, expiresAfterDays }: DataPrefix): LifecycleRule {
  return {
    // Longer names than S3 takes for a rule are possible, so it is called by a digest; its prefix stands beside it.
    id: `${idBase}data-${shortDigest(prefix, 12)}`,
    isEnabled: true,
    filter: { prefix },
    ...(steps.length === 0 ? {} : { transitions: steps }),
    expiration: { days: expiresAfterDays },
  };
}

function shortDigest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
