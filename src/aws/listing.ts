import type { _Object, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { AppError } from '../errors.ts';
import type { ListedObject } from './object-store.ts';

/** One page of a listing, and how to ask for the next. */
export interface ListingPage<Entry = ListedObject> {
  readonly objects: readonly Entry[];
  readonly nextToken: string | undefined;
}

/** A hundred million objects: a server that goes on beyond is broken or hostile. */
const MAX_LISTING_PAGES = 100_000;

/** @throws AppError SERVER_ERROR if the answer is none that a listing could give */
export function parseListingPage(output: ListObjectsV2CommandOutput): ListingPage {
  const isEncoded = output.EncodingType === 'url';
  const objects = (output.Contents ?? []).map((entry) => listedObject(entry, isEncoded));
  if (!output.IsTruncated) return { objects, nextToken: undefined };
  // Ending here would silently lose every key after this page.
  if (!output.NextContinuationToken)
    throw new AppError('SERVER_ERROR', 'a truncated listing page has no token for the next');
  return { objects, nextToken: output.NextContinuationToken };
}

/**
 * Every object of every page, with the next page under way while the caller consumes this one. Stopping early abandons
 * the request under way.
 */
export async function* listPages<Entry>(
  readPage: (token: string | undefined, signal: AbortSignal) => Promise<ListingPage<Entry>>,
  signal?: AbortSignal,
): AsyncGenerator<Entry, void, void> {
  const abandoned = new AbortController();
  const either = signal ? AbortSignal.any([signal, abandoned.signal]) : abandoned.signal;
  let token: string | undefined;
  let next: Promise<ListingPage<Entry>> | undefined = readPage(token, either);
  try {
    for (let pages = 0; next; pages++) {
      const page: ListingPage<Entry> = await next;
      if (pages >= MAX_LISTING_PAGES)
        throw new AppError('SERVER_ERROR', `the listing has over ${MAX_LISTING_PAGES} pages`);
      if (page.nextToken !== undefined && page.nextToken === token)
        throw new AppError('SERVER_ERROR', 'the listing goes round in circles: a page names itself as the next');
      token = page.nextToken;
      next = token === undefined ? undefined : readPage(token, either);
      // Its failure is reported when it is awaited; until then nobody listens, which would end the process.
      next?.catch(() => {});
      yield* page.objects;
    }
  } finally {
    abandoned.abort();
  }
}

function listedObject(entry: _Object, isEncoded: boolean): ListedObject {
  const { Key, ETag, Size, LastModified, StorageClass } = entry;
  if (Key === undefined || ETag === undefined || Size === undefined || LastModified === undefined) {
    throw new AppError(
      'SERVER_ERROR',
      `a listing entry lacks key, ETag, size or date: ${JSON.stringify(Key ?? entry)}`,
    );
  }
  return {
    key: isEncoded ? decodeKey(Key) : Key,
    etag: withoutQuotes(ETag),
    sizeBytes: Size,
    lastModified: LastModified,
    storageClass: StorageClass ?? 'STANDARD',
  };
}

/**
 * The SDK hands out keys as the server encoded them (`encoding-type=url`, asked for because XML cannot carry control
 * characters): form encoding, where `+` is a space.
 */
export function decodeKey(encoded: string): string {
  if (!/[%+]/.test(encoded)) return encoded;
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch (cause) {
    throw new AppError('SERVER_ERROR', `a listing holds the malformed key ${JSON.stringify(encoded)}`, { cause });
  }
}

/** ETags are compared and stored without their quotes. */
export function withoutQuotes(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
