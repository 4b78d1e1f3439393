import { uriEncodePath } from '../auth/canonical-request.ts';
import { AwsError } from '../aws-error.ts';
import { maxListKeys } from '../limits.ts';
import { element, text } from '../xml.ts';
import type { ListingEntry } from './listing.ts';
import type { ListingPosition } from './listing-token.ts';

export type KeyEncoder = (key: string) => string;

/** How keys are written into the answer: as they are, or URL-encoded (a space as `+`, slashes kept) when asked for. */
export function keyEncoder(query: URLSearchParams): KeyEncoder {
  const encoding = query.get('encoding-type');
  if (encoding === null) return (key) => key;
  if (encoding === 'url') return (key) => uriEncodePath(key).replaceAll('%20', '+');
  throw new AwsError('InvalidArgument', 'encoding-type can only be url');
}

/** Never more than 1,000, whatever is asked. @throws AwsError InvalidArgument */
export function readMaxKeys(value: string | null): number {
  if (value === null || value === '') return maxListKeys;
  if (!/^\d{1,10}$/.test(value)) {
    throw new AwsError('InvalidArgument', 'max-keys is no whole number', {
      fields: { ArgumentName: 'max-keys', ArgumentValue: value },
    });
  }
  return Math.min(Number(value), maxListKeys);
}

export function commonPrefixes(entries: readonly ListingEntry<unknown>[], encode: KeyEncoder): readonly string[] {
  return entries.map((entry) =>
    entry.kind === 'prefix' ? element('CommonPrefixes', text('Prefix', encode(entry.prefix))) : '',
  );
}

/** Where the page after this one begins. */
export function lastEntry(entries: readonly ListingEntry<unknown>[]): ListingPosition | undefined {
  const last = entries.at(-1);
  if (last === undefined) return undefined;
  return last.kind === 'item' ? { after: last.key, wholeGroup: false } : { after: last.prefix, wholeGroup: true };
}
