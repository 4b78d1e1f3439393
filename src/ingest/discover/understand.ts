import type { ListedObject } from '../../aws/object-store.ts';
import { type ExportKind, kindOf } from './kind.ts';
import { parseKey } from './layout.ts';
import type { ListedManifest, ListingIndex } from './listing-index.ts';
import { type Manifest, type ResolvedKey, resolveKeys } from './manifest.ts';
import type { BillingPeriod } from './period.ts';
import type { FoundExport, PlannedDelivery, PlannedFile, ReadManifest } from './plan.ts';
import type { DiscoveryWarning, DiscoveryWarningCode } from './warning.ts';

/**
 * How long files newer than their manifest are taken for the next generation being written. AWS needs minutes to an hour;
 * after this, somebody touched the files (a copied bucket), and they are loaded as they are.
 */
const writingHours = 6;

/** S3 user guide, "Naming Amazon S3 objects". */
const maxKeyBytes = 1_024;

/** A manifest that makes sense; `delivery` undefined where it must not be loaded (yet). */
export interface Understood {
  readonly export: FoundExport;
  readonly period: BillingPeriod;
  readonly listed: ListedManifest;
  readonly keys: readonly string[];
  readonly delivery: PlannedDelivery | undefined;
}

export interface Finding {
  readonly understood: Understood | undefined;
  readonly warnings: readonly DiscoveryWarning[];
}

/** What one manifest comes to: an export, a delivery of it, and what speaks against loading that now. */
export function understand(index: ListingIndex, { listed, outcome }: ReadManifest, now: Date): Finding {
  const { key } = listed.object;
  if (outcome instanceof Error) return refused(key, 'MANIFEST_INVALID', outcome.message);
  const { kind, note } = kindOf(outcome);
  if (kind === undefined) return refused(key, 'KIND_UNKNOWN', `manifest ${key}: ${note}`);
  const resolved = resolveKeys(outcome, index.objects);
  const found = foundExport(index.bucket, kind, listed, outcome, resolved);
  const delivery = plannedDelivery(index, found, listed, outcome, resolved);
  const obstacle =
    isEmpty(delivery, key) ??
    isNoKey(delivery, key) ??
    isElsewhere(index, outcome, delivery, key) ??
    isBeingWritten(delivery, listed, now);
  const understood: Understood = {
    export: found,
    period: outcome.period,
    listed,
    keys: delivery.files.map((file) => file.key),
    delivery: obstacle === undefined ? delivery : undefined,
  };
  return {
    understood,
    warnings: [obstacle ?? isCopy(index, outcome, key), isNewer(found, note)].filter(
      (warning) => warning !== undefined,
    ),
  };
}

function isEmpty({ files }: PlannedDelivery, key: string): DiscoveryWarning | undefined {
  if (files.length > 0) return undefined;
  return {
    code: 'MANIFEST_EMPTY',
    subject: key,
    text: `manifest ${key} lists no file: it is not loaded, what was there stays`,
  };
}

/** What no object can be called is not worth waiting for, and too long for the registry's index. */
function isNoKey({ files }: PlannedDelivery, key: string): DiscoveryWarning | undefined {
  const file = files.find((candidate) => Buffer.byteLength(candidate.key) > maxKeyBytes);
  if (file === undefined) return undefined;
  const text = `manifest ${key} lists ${JSON.stringify(file.key.slice(0, 300))} …, longer than the ${maxKeyBytes} bytes of an S3 key`;
  return { code: 'MANIFEST_INVALID', subject: key, text };
}

/** Replicated exports name the bucket that they come from. Their files are here under the same keys, or not at all. */
function isElsewhere(
  index: ListingIndex,
  manifest: Manifest,
  { files }: PlannedDelivery,
  key: string,
): DiscoveryWarning | undefined {
  const missing = files.find((file) => file.listed === undefined);
  if (!namesOtherBucket(index, manifest) || missing === undefined) return undefined;
  const text = `manifest ${key} points to bucket ${manifest.bucket}, and ${missing.key} is not in ${index.bucket}: onboard ${manifest.bucket} instead`;
  return { code: 'MANIFEST_INVALID', subject: key, text };
}

function isCopy(index: ListingIndex, manifest: Manifest, key: string): DiscoveryWarning | undefined {
  if (!namesOtherBucket(index, manifest)) return undefined;
  const text = `manifest ${key} names bucket ${manifest.bucket}; all its files are in ${index.bucket} too, and these are loaded`;
  return { code: 'MANIFEST_OF_OTHER_BUCKET', subject: key, text };
}

function namesOtherBucket(index: ListingIndex, { bucket }: Manifest): boolean {
  return bucket !== undefined && bucket !== index.bucket;
}

function isNewer({ root }: FoundExport, note: string | undefined): DiscoveryWarning | undefined {
  return note === undefined ? undefined : { code: 'KIND_NEWER', subject: root, text: `export at ${root}: ${note}` };
}

/** In overwrite mode files change under a manifest that still describes the generation before. */
function isBeingWritten(delivery: PlannedDelivery, listed: ListedManifest, now: Date): DiscoveryWarning | undefined {
  if (isCreateNew(delivery.files)) return undefined;
  const manifestTime = listed.object.lastModified.getTime();
  const newer = delivery.files.find((file) => (file.listed?.lastModified.getTime() ?? 0) > manifestTime);
  const age = now.getTime() - (newer?.listed?.lastModified.getTime() ?? 0);
  if (newer === undefined || age > writingHours * 3_600_000) return undefined;
  const { key } = listed.object;
  const text = `${newer.key} is newer than its manifest ${key}: the next delivery is being written, its manifest comes last`;
  return { code: 'DELIVERY_BEING_WRITTEN', subject: key, text };
}

function foundExport(
  bucket: string,
  kind: ExportKind,
  { place }: ListedManifest,
  manifest: Manifest,
  resolved: readonly ResolvedKey[],
): FoundExport {
  const first = resolved[0] === undefined ? undefined : parseKey(resolved[0].key);
  const layoutKind = first?.role === 'data' ? first.layoutKind : undefined;
  const { sourceName, payerAccount } = manifest;
  return { bucket, root: place.root, kind, sourceName, layoutKind, payerAccount };
}

function plannedDelivery(
  index: ListingIndex,
  { root, kind }: FoundExport,
  { object }: ListedManifest,
  { period, executionId }: Manifest,
  resolved: readonly ResolvedKey[],
): PlannedDelivery {
  const files = resolved.map(({ key }, position) => ({ ordinal: position + 1, key, listed: index.objects.get(key) }));
  const { key, etag, sizeBytes, lastModified } = object;
  // Files of an execution folder never change. Overwritten ones do, so there the manifest's date tells generations apart
  // even where AWS should write the same manifest twice.
  const generation = isCreateNew(files) ? [executionId, etag] : [executionId, etag, lastModified.getTime()];
  return {
    root,
    kind,
    period,
    identity: generation.join(':'),
    executionId,
    manifest: { key, etag, sizeBytes, lastModified },
    files: files.map(({ listed, ...file }) => ({ ...file, listed: listed && factsOf(listed) })),
  };
}

function factsOf({ etag, sizeBytes, lastModified }: ListedObject): NonNullable<PlannedFile['listed']> {
  return { etag, sizeBytes, lastModified };
}

function isCreateNew(files: readonly { readonly key: string }[]): boolean {
  return files.length > 0 && files.every(({ key }) => isInExecutionFolder(key));
}

function isInExecutionFolder(key: string): boolean {
  const parsed = parseKey(key);
  return parsed.role === 'data' && Boolean(parsed.executionFolder);
}

function refused(subject: string, code: DiscoveryWarningCode, text: string): Finding {
  return { understood: undefined, warnings: [{ code, subject, text }] };
}
