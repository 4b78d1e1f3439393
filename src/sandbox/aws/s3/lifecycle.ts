import type { LifecycleRule } from './lifecycle-rules.ts';
import { mayDelete } from './lock-rules.ts';
import type { ObjectVersion, StoredObject } from './object-version.ts';
import { type StorageClass, storageClasses } from './storage-class.ts';
import type { MultipartUpload } from './upload.ts';

/** One thing that a lifecycle run does. */
export type LifecycleAction =
  | { readonly kind: 'hide'; readonly key: string }
  | { readonly kind: 'delete'; readonly key: string; readonly versionId: string }
  | {
      readonly kind: 'transition';
      readonly key: string;
      readonly versionId: string;
      readonly storageClass: StorageClass;
    }
  | { readonly kind: 'abort'; readonly uploadId: string };

interface KeyState {
  /** Newest first. */
  readonly versions: readonly ObjectVersion[];
  readonly isVersioned: boolean;
  readonly nowMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Smaller objects are not transitioned, unless the rule's filter speaks of sizes itself. */
const minTransitionBytes = 128 * 1024;

/**
 * What the rules do to one key now. A locked version is transitioned, or hidden behind a marker, but never deleted.
 * Source: "Managing the lifecycle of objects", S3 user guide: days round up to the next midnight UTC, expiry beats
 * transition, and of two transitions the colder one counts.
 */
export function planKey(rules: readonly LifecycleRule[], state: KeyState): readonly LifecycleAction[] {
  return [...planCurrent(rules, state), ...planNoncurrent(rules, state)];
}

export function planUploads(
  rules: readonly LifecycleRule[],
  uploads: Iterable<MultipartUpload>,
  nowMs: number,
): readonly LifecycleAction[] {
  const isOver = (upload: MultipartUpload) =>
    rules.some(
      (rule) =>
        rule.abortUploadsAfterDays !== undefined &&
        upload.key.startsWith(rule.prefix) &&
        nowMs >= midnightAfter(upload.initiatedMs, rule.abortUploadsAfterDays),
    );
  return [...uploads].filter(isOver).map(({ uploadId }) => ({ kind: 'abort', uploadId }));
}

function planCurrent(rules: readonly LifecycleRule[], state: KeyState): readonly LifecycleAction[] {
  const [current] = state.versions;
  if (current === undefined) return [];
  const { key, versionId } = current;
  if (current.kind === 'marker') {
    const isLone = state.versions.length === 1;
    const removes = rules.some((rule) => key.startsWith(rule.prefix) && removesLoneMarker(rule, current, state.nowMs));
    return isLone && removes ? [{ kind: 'delete', key, versionId }] : [];
  }
  const matching = rules.filter((rule) => matches(rule, current));
  if (
    matching.some(
      (rule) => rule.expiration !== undefined && isDue(rule.expiration, current.lastModifiedMs, state.nowMs),
    )
  ) {
    return [state.isVersioned ? { kind: 'hide', key } : { kind: 'delete', key, versionId }];
  }
  const due = matching.flatMap((rule) =>
    rule.transitions.filter((one) => maySize(rule, current) && isDue(one, current.lastModifiedMs, state.nowMs)),
  );
  return transitionTo(
    current,
    due.map((one) => one.storageClass),
  );
}

function planNoncurrent(rules: readonly LifecycleRule[], state: KeyState): readonly LifecycleAction[] {
  return state.versions.slice(1).flatMap((version, index): readonly LifecycleAction[] => {
    const { key, versionId } = version;
    // A version becomes noncurrent when its successor is made.
    const sinceMs = state.versions[index]?.lastModifiedMs ?? version.lastModifiedMs;
    const isDueAfter = (days: number) => state.nowMs >= midnightAfter(sinceMs, days);
    const matching = rules.filter((rule) =>
      version.kind === 'object' ? matches(rule, version) : key.startsWith(rule.prefix),
    );
    const expires = matching.some(
      ({ noncurrentExpiration: rule }) => rule !== undefined && index >= rule.keepNewer && isDueAfter(rule.days),
    );
    const isLocked =
      version.kind === 'object' && !mayDelete(version.lock, { nowMs: state.nowMs, bypassGovernance: false });
    if (expires && !isLocked) return [{ kind: 'delete', key, versionId }];
    if (version.kind === 'marker') return [];
    const due = matching.flatMap((rule) =>
      rule.noncurrentTransitions.filter((one) => maySize(rule, version) && isDueAfter(one.days)),
    );
    return transitionTo(
      version,
      due.map((one) => one.storageClass),
    );
  });
}

/** Expiration by days removes a lone marker too, once the marker itself is that old. */
function removesLoneMarker(rule: LifecycleRule, marker: ObjectVersion, nowMs: number): boolean {
  if (rule.expiresLoneMarkers) return true;
  return rule.expiration?.days !== undefined && isDue(rule.expiration, marker.lastModifiedMs, nowMs);
}

function matches(rule: LifecycleRule, object: StoredObject): boolean {
  return (
    object.key.startsWith(rule.prefix) &&
    Object.entries(rule.tags).every(([key, value]) => object.tags[key] === value) &&
    (rule.largerThan === undefined || object.sizeBytes > rule.largerThan) &&
    (rule.smallerThan === undefined || object.sizeBytes < rule.smallerThan)
  );
}

function maySize(rule: LifecycleRule, object: StoredObject): boolean {
  const speaksOfSizes = rule.largerThan !== undefined || rule.smallerThan !== undefined;
  return speaksOfSizes || object.sizeBytes >= minTransitionBytes;
}

/** By lifecycle an object only ever gets colder. */
function transitionTo(object: StoredObject, classes: readonly StorageClass[]): readonly LifecycleAction[] {
  const coldness = (name: StorageClass) => storageClasses.indexOf(name);
  const [coldest] = [...classes].sort((left, right) => coldness(right) - coldness(left));
  if (coldest === undefined || coldness(coldest) <= coldness(object.storageClass)) return [];
  return [{ kind: 'transition', key: object.key, versionId: object.versionId, storageClass: coldest }];
}

function isDue(
  due: { readonly days: number | undefined; readonly dateMs: number | undefined },
  fromMs: number,
  nowMs: number,
): boolean {
  if (due.days !== undefined) return nowMs >= midnightAfter(fromMs, due.days);
  return due.dateMs !== undefined && nowMs >= due.dateMs;
}

function midnightAfter(fromMs: number, days: number): number {
  return Math.ceil((fromMs + days * dayMs) / dayMs) * dayMs;
}
