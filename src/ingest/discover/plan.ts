import type { AppError } from '../../errors.ts';
import type { ExportKind } from './kind.ts';
import type { LayoutKind } from './layout.ts';
import type { ListedManifest, ListingIndex } from './listing-index.ts';
import type { Manifest } from './manifest.ts';
import type { KnownManifest } from './manifests-to-read.ts';
import type { BillingPeriod } from './period.ts';
import { indexWarnings, sameMoneyWarnings } from './plan-warnings.ts';
import { type Understood, understand } from './understand.ts';
import { type DiscoveryWarning, limitWarnings } from './warning.ts';

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

/** What to register, as a value: exports, deliveries with their files in order, and what an operator should know. */
export function planDeliveries({ index, reads, known, now }: PlanDeliveriesOptions): DiscoveryPlan {
  const findings = reads.map((read) => understand(index, read, now));
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
