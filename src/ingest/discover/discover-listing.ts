import type { ListedObject, ObjectReader } from '../../aws/object-store.ts';
import { listKnownPeriods } from '../../registry/delivery/list-known.ts';
import type { IngestContext } from '../context.ts';
import { indexListing } from './listing-index.ts';
import { manifestsToRead } from './manifests-to-read.ts';
import type { BillingPeriod } from './period.ts';
import { type DiscoveryPlan, planDeliveries } from './plan.ts';
import { planFiles } from './plan-files.ts';
import { readManifests } from './read-manifests.ts';
import type { DiscoveryWarning } from './warning.ts';

export interface Listing {
  readonly clientId: number;
  readonly objects: readonly ListedObject[];
  readonly periods: readonly BillingPeriod[];
}

export interface ListingPlan {
  readonly plan: DiscoveryPlan;
  readonly manifestsRead: number;
}

/** From a listing to a plan: fetches the manifests that are new, and nothing when none is. */
export async function planListing(
  context: IngestContext,
  reader: ObjectReader,
  { clientId, objects, periods }: Listing,
  signal?: AbortSignal,
): Promise<ListingPlan> {
  const known = await listKnownPeriods(context.registry, { clientId, bucket: reader.bucket });
  const { storable, warnings } = withoutNul(objects);
  const index = indexListing(reader.bucket, storable);
  const wanted = new Set(periods.map(({ start }) => start));
  const manifests = manifestsToRead(index, {
    known: known.flatMap(({ manifest }) => manifest ?? []),
    periods: wanted,
  });
  const reads = await readManifests(reader, manifests, signal);
  const plan = planDeliveries({ index, reads, known, now: context.now() });
  const deliveries = plan.deliveries.filter(({ period }) => wanted.has(period.start));
  return { plan: { ...plan, deliveries, warnings: [...plan.warnings, ...warnings] }, manifestsRead: reads.length };
}

export interface FilesListing extends Listing {
  readonly prefix: string;
}

/** The same for a prefix without manifests (kind `files`). */
export function planFilesListing(bucket: string, { objects, periods, prefix }: FilesListing): DiscoveryPlan {
  const wanted = new Set(periods.map(({ start }) => start));
  const { storable, warnings } = withoutNul(objects);
  const planned = planFiles({ listing: storable, prefix });
  const sourceName = prefix.split('/').filter(Boolean).at(-1) ?? bucket;
  return {
    exports: [{ bucket, root: prefix, kind: 'files', sourceName, layoutKind: undefined, payerAccount: undefined }],
    deliveries: planned.deliveries.filter(({ period }) => wanted.has(period.start)),
    warnings: [...planned.warnings, ...warnings],
  };
}

/** S3 takes a NUL in a key and PostgreSQL's text does not: one such object must not stop the discovery of all others. */
function withoutNul(objects: readonly ListedObject[]): {
  readonly storable: readonly ListedObject[];
  readonly warnings: readonly DiscoveryWarning[];
} {
  const refused = objects.filter(({ key }) => key.includes('\0'));
  if (refused[0] === undefined) return { storable: objects, warnings: [] };
  const subject = JSON.stringify(refused[0].key);
  const text = `${refused.length} objects have a NUL in their key and are left out, such as ${subject}`;
  return {
    storable: objects.filter(({ key }) => !key.includes('\0')),
    warnings: [{ code: 'KEY_HOLDS_NUL', subject, text }],
  };
}
