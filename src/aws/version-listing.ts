import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import { AppError } from '../errors.ts';
import type { ListVersionsOptions, StoredVersion } from './archive-store.ts';
import { decodeKey, type ListingPage, listPages, withoutQuotes } from './listing.ts';
import type { AwsCall } from './map-error.ts';
import type { S3Requests } from './s3-requests.ts';

/** Where the next page begins: behind this version of this key. */
interface Markers {
  readonly KeyMarker: string;
  readonly VersionIdMarker?: string;
}

/** Every version and delete marker under a prefix, page after page until the last. */
export function listVersions(
  requests: S3Requests,
  bucket: string,
  { prefix, signal }: ListVersionsOptions,
): AsyncGenerator<StoredVersion, void, void> {
  const call: AwsCall = { operation: 'list', bucket, prefix, of: 'versions' };
  return listPages(async (token, pageSignal) => {
    const markers = token === undefined ? {} : (JSON.parse(token) as Markers);
    const input = { Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...markers } as const;
    const command = new ListObjectVersionsCommand(input);
    return parsePage(
      await requests.send((options) => requests.client.send(command, options), call, { signal: pageSignal }),
    );
  }, signal);
}

/** S3 lists versions and markers apart, each in order; together they are in order of key, newest first. */
function parsePage(output: ListObjectVersionsCommandOutput): ListingPage<StoredVersion> {
  const keyOf = output.EncodingType === 'url' ? decodeKey : (key: string) => key;
  const versions = (output.Versions ?? []).map((entry): StoredVersion => {
    const { ETag, Size, StorageClass } = entry;
    if (ETag === undefined || Size === undefined) throw incomplete(entry.Key);
    const storageClass = StorageClass ?? 'STANDARD';
    return {
      ...identity(entry, keyOf),
      isDeleteMarker: false,
      etag: withoutQuotes(ETag),
      sizeBytes: Size,
      storageClass,
    };
  });
  const markers = (output.DeleteMarkers ?? []).map(
    (entry): StoredVersion => ({ ...identity(entry, keyOf), isDeleteMarker: true }),
  );
  const objects = markers.length === 0 ? versions : [...versions, ...markers].sort(byKeyThenNewest);
  return { objects, nextToken: output.IsTruncated ? nextToken(output, keyOf) : undefined };
}

function nextToken(output: ListObjectVersionsCommandOutput, keyOf: (key: string) => string): string {
  const { NextKeyMarker, NextVersionIdMarker } = output;
  // Ending here would silently lose every version after this page.
  if (!NextKeyMarker) throw new AppError('SERVER_ERROR', 'a truncated page of versions has no marker for the next');
  const markers: Markers = {
    KeyMarker: keyOf(NextKeyMarker),
    ...(NextVersionIdMarker ? { VersionIdMarker: NextVersionIdMarker } : {}),
  };
  return JSON.stringify(markers);
}

interface ListedEntry {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly IsLatest?: boolean | undefined;
  readonly LastModified?: Date | undefined;
}

function identity({ Key, VersionId, IsLatest, LastModified }: ListedEntry, keyOf: (key: string) => string) {
  if (Key === undefined || VersionId === undefined || LastModified === undefined) throw incomplete(Key);
  return { key: keyOf(Key), versionId: VersionId, isLatest: IsLatest === true, lastModified: LastModified };
}

function byKeyThenNewest(a: StoredVersion, b: StoredVersion): number {
  const byKey = Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  if (byKey !== 0) return byKey;
  if (a.isLatest !== b.isLatest) return a.isLatest ? -1 : 1;
  return b.lastModified.getTime() - a.lastModified.getTime();
}

function incomplete(key: string | undefined): AppError {
  return new AppError('SERVER_ERROR', `a listed version lacks key, id, ETag, size or date: ${JSON.stringify(key)}`);
}
