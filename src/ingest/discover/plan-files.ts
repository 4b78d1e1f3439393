import { createHash } from 'node:crypto';
import type { ListedObject } from '../../aws/object-store.ts';
import { parseKey } from './layout.ts';
import { periodInPath } from './path-period.ts';
import type { BillingPeriod } from './period.ts';
import type { PlannedDelivery } from './plan.ts';
import type { DiscoveryWarning } from './warning.ts';

export interface PlanFilesOptions {
  readonly listing: Iterable<ListedObject>;
  /** Of the export of kind `files`; months are looked for behind it only. */
  readonly prefix: string;
}

export interface FilesPlan {
  readonly deliveries: readonly PlannedDelivery[];
  readonly warnings: readonly DiscoveryWarning[];
}

/**
 * Kind `files`: no manifest says what belongs together, so a delivery is all objects whose path names the month, each as
 * it is, in the order of their keys. Any object added, removed or changed makes another delivery of that month.
 */
export function planFiles({ listing, prefix }: PlanFilesOptions): FilesPlan {
  const months = new Map<string, { readonly period: BillingPeriod; readonly objects: Map<string, ListedObject> }>();
  const timeless: string[] = [];
  for (const object of listing) {
    if (!object.key.startsWith(prefix) || !isFile(object.key)) continue;
    const period = periodInPath(object.key.slice(prefix.length));
    if (period === undefined) {
      timeless.push(object.key);
      continue;
    }
    const month = months.get(period.start) ?? { period, objects: new Map() };
    months.set(period.start, month);
    month.objects.set(object.key, object);
  }
  const inOrder = [...months.values()].toSorted((a, b) => (a.period.start < b.period.start ? -1 : 1));
  return {
    deliveries: inOrder.map(({ period, objects }) => filesDelivery(prefix, period, [...objects.values()])),
    warnings: timelessWarnings(prefix, timeless),
  };
}

/** What AWS and Spark put beside the data is not taken; what a file is called is no reason to leave it out. */
function isFile(key: string): boolean {
  const { role } = parseKey(key);
  return role === 'data' || role === 'unknown';
}

function filesDelivery(root: string, period: BillingPeriod, objects: readonly ListedObject[]): PlannedDelivery {
  const sorted = objects.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const digest = createHash('sha256');
  for (const { key, etag } of sorted) digest.update(`${JSON.stringify([key, etag])}\n`);
  return {
    root,
    kind: 'files',
    period,
    identity: `files:${digest.digest('hex')}`,
    executionId: undefined,
    manifest: undefined,
    files: sorted.map(({ key, etag, sizeBytes, lastModified }, position) => ({
      ordinal: position + 1,
      key,
      listed: { etag, sizeBytes, lastModified },
    })),
  };
}

function timelessWarnings(prefix: string, keys: readonly string[]): readonly DiscoveryWarning[] {
  if (keys[0] === undefined) return [];
  const text = `${keys.length} objects under "${prefix}" name no month in their path and are left out, such as ${keys[0]}`;
  return [{ code: 'NO_PERIOD_IN_PATH', subject: prefix, text }];
}
