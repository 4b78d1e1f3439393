import type { AppError } from '../../errors.ts';
import { type ExportKind, kindOf } from './kind.ts';
import { type LayoutKind, parseKey } from './layout.ts';
import type { ListedManifest, ListingIndex } from './listing-index.ts';
import { type Manifest, type ResolvedKey, resolveKeys } from './manifest.ts';
import type { KnownManifest } from './manifests-to-read.ts';
import type { BillingPeriod } from './period.ts';
import { indexWarnings, sameMoneyWarnings } from './plan-warnings.ts';
import { type DiscoveryWarning, type DiscoveryWarningCode, limitWarnings } from './warning.ts';

/** A manifest that was fetched: what it says, or why it cannot be understood. */
export interface ReadManifest {
  readonly listed: ListedManifest;
  readonly outcome: Manifest | AppError;
}

/** A delivery of the registry, as far as it bears on a new plan. */
export interface KnownDelivery {
  readonly root: string;
  readonly kind: ExportKind;
  readonly payerAccount: string | undefined;
  /** `start` of its period. */
  readonly periodStart: string;
  /** Undefined for kind `files`. */
  readonly manifest: KnownManifest | undefined;
}

export interface FoundExport {
  readonly bucket: string;
  readonly root: string;
  readonly kind: ExportKind;
  readonly sourceName: string;
  /** Of the newest period; undefined where the files lie in no known layout. */
  readonly layoutKind: LayoutKind | undefined;
  readonly payerAccount: string | undefined;
}

export interface PlannedFile {
  /** Position in the manifest's list, from 1. */
  readonly ordinal: number;
  readonly key: string;
  /** Undefined: the manifest lists it and the bucket does not. */
  readonly listed: { readonly etag: string; readonly sizeBytes: number; readonly lastModified: Date } | undefined;
}

export interface PlannedDelivery {
  /** With `kind`, the export that it belongs to. */
  readonly root: string;
  readonly kind: ExportKind;
  readonly period: BillingPeriod;
  /** Equal for two sightings of the same delivery, and for them only. */
  readonly identity: string;
  readonly executionId: string | undefined;
  /** May have moved to a copy (see `manifestsToRead`) for an identity that is registered already: then it is to be updated. */
  readonly manifest: KnownManifest | undefined;
  readonly files: readonly PlannedFile[];
}

export interface DiscoveryPlan {
  readonly exports: readonly FoundExport[];
  readonly deliveries: readonly PlannedDelivery[];
  readonly warnings: readonly DiscoveryWarning[];
}

export interface PlanDeliveriesOptions {
  readonly index: ListingIndex;
  readonly reads: readonly ReadManifest[];
  readonly known: readonly KnownDelivery[];
  readonly now: Date;
}

/**
 * How long files newer than their manifest are taken for the next generation being written. AWS needs minutes to an hour;
 * after this, somebody touched the files (a copied bucket), and they are loaded as they are.
 */
const writingHours = 6;

/** What to register, as a value: exports, deliveries with their files in order, and what an operator should know. */
export function planDeliveries({ index, reads, known, now }: PlanDeliveriesOptions): DiscoveryPlan {
  const findings = reads.map((read) => interpret(index, read, now));
  const { kept, warnings } = onePerPeriod(findings.flatMap((finding) => finding.understood ?? []));
  const found = foundExports(kept);
  return {
    exports: found,
    deliveries: kept.flatMap((understood) => understood.delivery ?? []),
    warnings: limitWarnings([
      ...findings.flatMap((finding) => finding.warnings),
      ...warnings,
      ...sameMoneyWarnings(kept.map(asKnown), known),
      ...indexWarnings(index, new Set(kept.flatMap(({ keys }) => keys)), known),
    ]),
  };
}

/** A manifest that makes sense; `delivery` undefined where it must not be loaded (yet). */
interface Understood {
  readonly export: FoundExport;
  readonly period: BillingPeriod;
  readonly listed: ListedManifest;
  readonly keys: readonly string[];
  readonly delivery: PlannedDelivery | undefined;
}

interface Finding {
  readonly understood: Understood | undefined;
  readonly warnings: readonly DiscoveryWarning[];
}

function interpret(index: ListingIndex, { listed, outcome }: ReadManifest, now: Date): Finding {
  const { key } = listed.object;
  if (outcome instanceof Error) return refused(key, 'MANIFEST_INVALID', outcome.message);
  const { kind, note } = kindOf(outcome);
  if (kind === undefined) return refused(key, 'KIND_UNKNOWN', `manifest ${key}: ${note}`);
  const resolved = resolveKeys(outcome, index.objects);
  const found = foundExport(index.bucket, kind, listed, outcome, resolved);
  const delivery = plannedDelivery(index, found, listed, outcome, resolved);
  const obstacle = findObstacle(index, outcome, listed, delivery, now);
  const warnings = obstacle === undefined ? [] : [obstacle];
  if (note !== undefined)
    warnings.push({ code: 'KIND_NEWER', subject: found.root, text: `export at ${found.root}: ${note}` });
  const isLoadable = obstacle === undefined || obstacle.code === 'MANIFEST_OF_OTHER_BUCKET';
  const keys = delivery.files.map((file) => file.key);
  const understood = {
    export: found,
    period: outcome.period,
    listed,
    keys,
    delivery: isLoadable ? delivery : undefined,
  };
  return { understood, warnings };
}

/** What speaks against loading a delivery, or is odd about it. */
function findObstacle(
  index: ListingIndex,
  manifest: Manifest,
  listed: ListedManifest,
  delivery: PlannedDelivery,
  now: Date,
): DiscoveryWarning | undefined {
  const { key } = listed.object;
  if (delivery.files.length === 0) {
    return {
      code: 'MANIFEST_EMPTY',
      subject: key,
      text: `manifest ${key} lists no file: it is not loaded, what was there stays`,
    };
  }
  if (manifest.bucket !== undefined && manifest.bucket !== index.bucket) {
    return otherBucket(index.bucket, manifest.bucket, key, delivery);
  }
  return beingWritten(listed, delivery, now);
}

/** Replicated exports name the bucket that they come from. Their files are here under the same keys, or not at all. */
function otherBucket(here: string, there: string, key: string, { files }: PlannedDelivery): DiscoveryWarning {
  const missing = files.find((file) => file.listed === undefined);
  if (missing === undefined) {
    const text = `manifest ${key} names bucket ${there}; all its files are in ${here} too and are taken from there`;
    return { code: 'MANIFEST_OF_OTHER_BUCKET', subject: key, text };
  }
  const text = `manifest ${key} points to bucket ${there}, and ${missing.key} is not in ${here}: onboard ${there} instead`;
  return { code: 'MANIFEST_INVALID', subject: key, text };
}

/** In overwrite mode files change under a manifest that still describes the generation before. */
function beingWritten(listed: ListedManifest, delivery: PlannedDelivery, now: Date): DiscoveryWarning | undefined {
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
    files: files.map(({ listed, ...file }) => ({ ...file, listed: listed && listedFacts(listed) })),
  };
}

function listedFacts({ etag, sizeBytes, lastModified }: KnownManifest | NonNullable<PlannedFile['listed']>) {
  return { etag, sizeBytes, lastModified };
}

function isCreateNew(files: readonly { readonly key: string }[]): boolean {
  return files.length > 0 && files.every(({ key }) => isInExecutionFolder(key));
}

function isInExecutionFolder(key: string): boolean {
  const parsed = parseKey(key);
  return parsed.role === 'data' && Boolean(parsed.executionFolder);
}

/** One export's period has one current manifest: the newest, and the others are told of. */
function onePerPeriod(all: readonly Understood[]): {
  readonly kept: readonly Understood[];
  readonly warnings: readonly DiscoveryWarning[];
} {
  const byPeriod = Map.groupBy(all, ({ export: { root, kind }, period }) => JSON.stringify([root, kind, period.start]));
  const kept: Understood[] = [];
  const warnings: DiscoveryWarning[] = [];
  for (const rivals of byPeriod.values()) {
    const [newest, ...others] = rivals.toSorted(newestManifestFirst);
    if (newest === undefined) continue;
    kept.push(newest);
    const subject = newest.export.root + newest.period.start;
    for (const other of others) warnings.push(samePeriodTwice(subject, newest, other));
  }
  return { kept, warnings };
}

function newestManifestFirst(a: Understood, b: Understood): number {
  const [left, right] = [a.listed.object, b.listed.object];
  return right.lastModified.getTime() - left.lastModified.getTime() || (left.key < right.key ? -1 : 1);
}

function samePeriodTwice(subject: string, newest: Understood, other: Understood): DiscoveryWarning {
  const [kept, left] = [newest.listed.object.key, other.listed.object.key];
  const text = `two manifests for ${newest.period.start}: ${kept} is newer and counts, ${left} is left out`;
  return { code: 'SAME_PERIOD_TWICE', subject, text };
}

/** An export is described by its newest period. */
function foundExports(kept: readonly Understood[]): readonly FoundExport[] {
  const byExport = Map.groupBy(kept, ({ export: { root, kind } }) => JSON.stringify([root, kind]));
  return [...byExport.values()].flatMap((periods) => {
    const newest = periods.toSorted((a, b) => (a.period.start < b.period.start ? 1 : -1))[0];
    return newest === undefined ? [] : [newest.export];
  });
}

function asKnown({ export: { root, kind, payerAccount }, period }: Understood): KnownDelivery {
  return { root, kind, payerAccount, periodStart: period.start, manifest: undefined };
}

function refused(subject: string, code: DiscoveryWarningCode, text: string): Finding {
  return { understood: undefined, warnings: [{ code, subject, text }] };
}
