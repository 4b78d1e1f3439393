import type { ListedObject } from '../../aws/object-store.ts';
import { type ManifestKey, parseKey } from './layout.ts';
import type { ListedManifest, ListingIndex } from './listing-index.ts';

/** A manifest that was read before, as it was listed then; the registry has one for every delivery. */
export interface KnownManifest {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

export interface ManifestsToReadOptions {
  readonly known: readonly KnownManifest[];
  /** `start` of each period wanted; without it all. A manifest whose path names no month is always wanted. */
  readonly periods?: ReadonlySet<string>;
}

/**
 * The manifests that have to be fetched: of every period's folder the one that counts, and that only if it is not known
 * unchanged. A second run over an unchanged bucket fetches nothing.
 */
export function manifestsToRead(
  index: ListingIndex,
  { known, periods }: ManifestsToReadOptions,
): readonly ListedManifest[] {
  const memory = remember(index, known);
  return [...index.manifests.values()]
    .map(countingManifest)
    .filter((manifest) => manifest !== undefined)
    .filter(({ place }) => place.period === undefined || periods === undefined || periods.has(place.period.start))
    .filter((manifest) => !isUnchanged(manifest, memory) && !isOvertaken(manifest, memory));
}

/**
 * Of one folder's manifests the one that counts. The period's own always points to the newest execution, and goes before
 * an execution's whatever their dates (copying a bucket shuffles those); without it, the newest execution.
 */
export function countingManifest(manifests: readonly ListedManifest[]): ListedManifest | undefined {
  const ofPeriod = manifests.filter(({ place }) => place.executionFolder === undefined);
  return (ofPeriod.length > 0 ? ofPeriod : manifests).toSorted(newestFirst)[0];
}

/** Folders named by time (`20240315T100631Z`, `2025-12-28T13:14:37.728Z-<id>`) tell the order themselves. */
function newestFirst(a: ListedManifest, b: ListedManifest): number {
  const [timeA, timeB] = [folderTime(a.place), folderTime(b.place)];
  if (timeA !== undefined && timeB !== undefined && timeA !== timeB) return timeA < timeB ? 1 : -1;
  return b.object.lastModified.getTime() - a.object.lastModified.getTime() || (a.object.key < b.object.key ? 1 : -1);
}

/** `20240315100631` and so on: text that sorts as time does, among folders of the same kind. */
function folderTime({ executionFolder = '' }: ManifestKey): string | undefined {
  const found = /^(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})(\.\d+)?Z/.exec(executionFolder);
  return found?.slice(1).join('');
}

interface Memory {
  readonly byKey: ReadonlyMap<string, KnownManifest>;
  readonly byFolder: ReadonlyMap<string, readonly KnownManifest[]>;
  /** Newest date among manifests of a root and period that are known and still as they were. */
  readonly newestMillis: ReadonlyMap<string, number>;
}

function remember(index: ListingIndex, known: readonly KnownManifest[]): Memory {
  const byKey = new Map<string, KnownManifest>();
  const byFolder = new Map<string, KnownManifest[]>();
  const newestMillis = new Map<string, number>();
  for (const manifest of known) {
    const place = parseKey(manifest.key);
    if (place.role !== 'manifest') continue;
    const earlier = byKey.get(manifest.key);
    if (earlier === undefined || earlier.lastModified < manifest.lastModified) byKey.set(manifest.key, manifest);
    const inFolder = byFolder.get(place.periodFolder);
    if (inFolder === undefined) byFolder.set(place.periodFolder, [manifest]);
    else inFolder.push(manifest);
    const object = index.objects.get(manifest.key);
    if (object === undefined || !isSame(object, manifest)) continue;
    const home = periodHome(place);
    newestMillis.set(home, Math.max(newestMillis.get(home) ?? 0, object.lastModified.getTime()));
  }
  return { byKey, byFolder, newestMillis };
}

/**
 * The same object as when it was read; or, where executions have manifests of their own, the same content under its other
 * key (the period's and the execution's are copies of each other, and which of the two is there first may vary).
 */
function isUnchanged({ place, object }: ListedManifest, { byKey, byFolder }: Memory): boolean {
  const known = byKey.get(object.key);
  if (known !== undefined) return isSame(object, known);
  return (byFolder.get(place.periodFolder) ?? []).some((other) => {
    const isCopy = other.etag === object.etag && other.sizeBytes === object.sizeBytes;
    const otherPlace = parseKey(other.key);
    const hasExecution =
      place.executionFolder !== undefined ||
      (otherPlace.role === 'manifest' && otherPlace.executionFolder !== undefined);
    return isCopy && hasExecution;
  });
}

/** Never read, but older than what is registered for the same root and period from another folder: it lost already. */
function isOvertaken({ place, object }: ListedManifest, { byKey, newestMillis }: Memory): boolean {
  if (place.period === undefined || byKey.has(object.key)) return false;
  return object.lastModified.getTime() < (newestMillis.get(periodHome(place)) ?? 0);
}

function isSame(object: ListedObject, known: KnownManifest): boolean {
  return (
    object.etag === known.etag &&
    object.sizeBytes === known.sizeBytes &&
    object.lastModified.getTime() === known.lastModified.getTime()
  );
}

function periodHome({ family, root, period }: ManifestKey): string {
  return JSON.stringify([family, root, period?.start]);
}
