import type { Bucket } from './bucket.ts';
import { type ListingEntry, listPage } from './listing.ts';
import type { ObjectVersion } from './object-version.ts';

export interface VersionListingQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  /** Within the marker's key, begin after this version; empty: after the whole key. */
  readonly versionMarker: string;
  readonly maxEntries: number;
}

export interface VersionListingPage {
  readonly entries: readonly ListingEntry<ObjectVersion>[];
  /** Set when there is more. */
  readonly next: { readonly keyMarker: string; readonly versionMarker: string | undefined } | undefined;
}

/** One page of all versions and delete markers, newest first within a key. A page may end inside a key. */
export function listVersionPage(bucket: Bucket, query: VersionListingQuery): VersionListingPage {
  const rest = restOfMarkedKey(bucket, query);
  const wanted = query.maxEntries - rest.length;
  const wholeGroup = query.delimiter !== '' && query.keyMarker.endsWith(query.delimiter);
  const page =
    wanted <= 0
      ? { entries: [], isTruncated: query.maxEntries > 0 && hasMore(bucket, query) }
      : listPage(bucket.keys, { ...query, after: query.keyMarker, wholeGroup, maxEntries: wanted }, (key) =>
          bucket.versionsOf(key),
        );
  const all = [...rest, ...page.entries];
  const entries = all.slice(0, query.maxEntries);
  const last = entries.at(-1);
  if (last === undefined || (!page.isTruncated && entries.length === all.length)) return { entries, next: undefined };
  if (last.kind === 'prefix') return { entries, next: { keyMarker: last.prefix, versionMarker: undefined } };
  return { entries, next: { keyMarker: last.key, versionMarker: last.item.versionId } };
}

function restOfMarkedKey(bucket: Bucket, query: VersionListingQuery): readonly ListingEntry<ObjectVersion>[] {
  if (query.versionMarker === '') return [];
  const versions = bucket.versionsOf(query.keyMarker);
  const at = versions.findIndex((version) => version.versionId === query.versionMarker);
  if (at === -1) return [];
  return versions.slice(at + 1).map((item) => ({ kind: 'item', key: query.keyMarker, item }));
}

function hasMore(bucket: Bucket, query: VersionListingQuery): boolean {
  const after = { ...query, after: query.keyMarker, wholeGroup: false, maxEntries: 1 };
  return listPage(bucket.keys, after, (key) => bucket.versionsOf(key)).entries.length > 0;
}
