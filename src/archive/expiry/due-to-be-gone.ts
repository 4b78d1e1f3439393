import { type ArchivedTable, type BucketDestination, keyBase } from '../bucket/archived-table.ts';
import { dataPrefixes } from '../bucket/data-prefix.ts';
import { manifestExpiryDays } from '../bucket/lock-days.ts';
import { manifestPrefix } from '../bucket/wanted-lifecycle.ts';

/**
 * After its expiry a version is noncurrent for a week, and lifecycle takes its time: S3 promises no day. What is there
 * longer than this after the expiry of the bucket's rules will not go by itself.
 */
const marginDays = 30;
const dayMillis = 86_400_000;

/** When an object should be gone at the latest, by the lifecycle that the archive wants of its bucket. */
export function goneBy(
  destination: Pick<BucketDestination, 'prefix'>,
  tables: readonly ArchivedTable[],
): (object: { readonly key: string; readonly storedAt: Date }) => Date {
  const data = dataPrefixes(destination, tables);
  const longest = Math.max(0, ...data.map(({ lockDays }) => lockDays));
  const rules = [
    ...data.map(({ prefix, expiresAfterDays }) => ({ prefix, expiresAfterDays })),
    { prefix: manifestPrefix(keyBase(destination)), expiresAfterDays: manifestExpiryDays(longest) },
  ];
  return ({ key, storedAt }) => {
    // Rules that overlap expire at the earliest of them; that none of them covers an object is said by the bucket's check.
    const days = rules.filter(({ prefix }) => key.startsWith(prefix)).map(({ expiresAfterDays }) => expiresAfterDays);
    const after = days.length === 0 ? 0 : Math.min(...days);
    return new Date(storedAt.getTime() + (after + marginDays) * dayMillis);
  };
}
