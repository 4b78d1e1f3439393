import type { SortedKeys } from './sorted-keys.ts';
import { compareUtf8 } from './utf8-order.ts';

export interface ListingQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** Where the page begins: keys greater than this one; or, with `wholeGroup`, greater than all keys that start with it. */
  readonly after: string;
  readonly wholeGroup: boolean;
  readonly maxEntries: number;
}

export type ListingEntry<Item> =
  | { readonly kind: 'item'; readonly key: string; readonly item: Item }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface ListingPage<Item> {
  readonly entries: readonly ListingEntry<Item>[];
  readonly isTruncated: boolean;
}

/**
 * One page of a listing, in UTF-8 order. Keys that hold the delimiter after the prefix roll up into one common prefix,
 * which counts as one entry and is jumped over, so that a page costs as much as it shows.
 * @param itemsOf what stands under a key (its current version, or all its versions); nothing hides the key
 */
export function listPage<Item>(
  keys: SortedKeys,
  query: ListingQuery,
  itemsOf: (key: string) => readonly Item[],
): ListingPage<Item> {
  const sorted = keys.sorted();
  const entries: ListingEntry<Item>[] = [];
  let at = keys.firstIndex((key) => isPast(key, query));
  while (at < sorted.length) {
    const key = sorted[at] ?? '';
    if (!key.startsWith(query.prefix)) break;
    const items = itemsOf(key);
    if (items.length === 0) {
      at += 1;
      continue;
    }
    if (entries.length >= query.maxEntries) return { entries, isTruncated: query.maxEntries > 0 };
    const group = commonPrefix(key, query);
    if (group === undefined) {
      for (const item of items) entries.push({ kind: 'item', key, item });
      at += 1;
    } else {
      entries.push({ kind: 'prefix', prefix: group });
      at = keys.firstIndex((candidate) => compareUtf8(candidate, group) > 0 && !candidate.startsWith(group));
    }
  }
  return { entries, isTruncated: false };
}

function isPast(key: string, query: ListingQuery): boolean {
  if (compareUtf8(key, query.prefix) < 0) return false;
  if (query.after === '') return true;
  return compareUtf8(key, query.after) > 0 && !(query.wholeGroup && key.startsWith(query.after));
}

function commonPrefix(key: string, query: ListingQuery): string | undefined {
  if (query.delimiter === '') return undefined;
  const end = key.indexOf(query.delimiter, query.prefix.length);
  return end === -1 ? undefined : key.slice(0, end + query.delimiter.length);
}
