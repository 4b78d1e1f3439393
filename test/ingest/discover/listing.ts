import type { ListedObject } from '../../../src/aws/object-store.ts';
import { toAppError } from '../../../src/errors.ts';
import { indexListing } from '../../../src/ingest/discover/listing-index.ts';
import { type ManifestLocation, parseManifest } from '../../../src/ingest/discover/manifest.ts';
import { manifestsToRead } from '../../../src/ingest/discover/manifests-to-read.ts';
import { type DiscoveryPlan, type KnownDelivery, planDeliveries } from '../../../src/ingest/discover/plan.ts';

export const bucket = 'acme-billing';
export const noon = new Date('2026-06-10T12:00:00Z');

/** One entry of a made-up listing; ETag and date follow from the key unless given. */
export function listed(key: string, facts: Partial<ListedObject> = {}): ListedObject {
  const lastModified = new Date('2026-06-09T00:00:00Z');
  return { key, etag: `etag-of-${key}`, sizeBytes: 100, lastModified, storageClass: 'STANDARD', ...facts };
}

export function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

export interface LegacyManifestFacts {
  readonly assemblyId?: string;
  readonly start?: string;
  readonly end?: string;
  readonly keys: readonly string[];
  readonly account?: string;
  readonly reportName?: string;
  readonly manifestBucket?: string;
}

export function legacyManifest(facts: LegacyManifestFacts): Record<string, unknown> {
  const { assemblyId = 'a1', start = '20260501T000000.000Z', end = '20260601T000000.000Z', keys } = facts;
  return {
    assemblyId,
    account: facts.account ?? '141375116029',
    columns: [{ category: 'identity', name: 'LineItemId' }],
    charset: 'UTF-8',
    compression: 'GZIP',
    contentType: 'text/csv',
    reportName: facts.reportName ?? 'hourly',
    billingPeriod: { start, end },
    bucket: facts.manifestBucket ?? bucket,
    reportKeys: keys,
    additionalArtifactKeys: [],
  };
}

export interface DataExportManifestFacts {
  readonly executionId?: string;
  readonly name?: string;
  readonly account?: string;
  readonly columns?: readonly string[];
  readonly keys: readonly string[];
  readonly manifestBucket?: string;
}

export function dataExportManifest(facts: DataExportManifestFacts): Record<string, unknown> {
  const {
    executionId = 'e1',
    name = 'daily',
    account = '141375116029',
    columns = ['line_item_unblended_cost'],
  } = facts;
  return {
    executionId,
    exportArn: `arn:aws:bcm-data-exports:us-east-1:${account}:export/${name}-8c5a76cc-1d9a-4ef8-9a25-76e8be5f1111`,
    columns: columns.map((column) => ({ name: column, type: 'string' })),
    dataFiles: facts.keys.map((key) => `s3://${facts.manifestBucket ?? bucket}/${key}`),
    additionalOutputFiles: [],
  };
}

export interface DiscoverOptions {
  readonly listing: readonly ListedObject[];
  /** Contents of the manifests by key. */
  readonly contents: Readonly<Record<string, unknown>>;
  readonly known?: readonly KnownDelivery[];
  readonly now?: Date;
}

/** Discovery as the verb does it, with a record in place of the bucket. `fetched` are the manifests that it read. */
export function discover({ listing, contents, known = [], now = noon }: DiscoverOptions): DiscoveryPlan & {
  readonly fetched: readonly string[];
} {
  const index = indexListing(bucket, listing);
  const wanted = manifestsToRead(index, { known: known.flatMap(({ manifest }) => manifest ?? []) });
  const reads = wanted.map((manifest) => {
    const { key } = manifest.object;
    return { listed: manifest, outcome: outcomeOf(contents[key], { bucket, key }) };
  });
  return { ...planDeliveries({ index, reads, known, now }), fetched: wanted.map(({ object }) => object.key) };
}

/** What the registry knows after `plan` was written into it. */
export function remembered(plan: DiscoveryPlan): readonly KnownDelivery[] {
  return plan.deliveries.map(({ root, kind, period, manifest }) => {
    const owner = plan.exports.find((found) => found.root === root && found.kind === kind);
    return { root, kind, payerAccount: owner?.payerAccount, periodStart: period.start, manifest };
  });
}

function outcomeOf(content: unknown, location: ManifestLocation) {
  try {
    return parseManifest(bytesOf(content), location);
  } catch (error) {
    return toAppError(error);
  }
}
