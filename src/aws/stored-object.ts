import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { AppError } from '../errors.ts';
import type { FoundEncryption, RestoreState, StoredObject } from './archive-store.ts';
import { withoutQuotes } from './listing.ts';
import { parseLock } from './version-lock.ts';

/** Classes whose objects have to be restored before they can be read. S3 user guide, "Using Amazon S3 storage classes". */
const coldClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** What a HEAD of one version says. @throws AppError SERVER_ERROR if it lacks what every object has */
export function parseHead(
  output: HeadObjectCommandOutput,
  { key, versionId }: { readonly key: string; readonly versionId: string },
): StoredObject {
  const { ETag, LastModified, ContentLength, Metadata = {} } = output;
  if (ETag === undefined || LastModified === undefined || ContentLength === undefined) {
    throw new AppError('SERVER_ERROR', `head of ${key}, version ${versionId}: the answer lacks ETag, date or size`);
  }
  // A server that knows no versions answers with the current object, whatever version it was asked for.
  if (output.VersionId !== versionId) {
    const answered = output.VersionId ?? 'no version';
    throw new AppError('SERVER_ERROR', `head of ${key}: asked for version ${versionId}, answered with ${answered}`);
  }
  const storageClass = output.StorageClass ?? 'STANDARD';
  const restore = parseRestore(output.Restore);
  // Intelligent-Tiering has cold tiers of its own, where the bucket switched them on; the class stays the same.
  const isArchived = coldClasses.has(storageClass) || output.ArchiveStatus !== undefined;
  return {
    key,
    versionId,
    etag: withoutQuotes(ETag),
    sizeBytes: ContentLength,
    lastModified: LastModified,
    storageClass,
    isCold: isArchived && restore?.state !== 'ready',
    restore,
    metadata: Metadata,
    sha256: Metadata['sha256'],
    encryption: parseEncryption(output),
    lock: parseLock(output.ObjectLockMode, output.ObjectLockRetainUntilDate),
    legalHold: output.ObjectLockLegalHoldStatus === 'ON',
  };
}

/** `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`, as S3's API reference has it. */
function parseRestore(header: string | undefined): RestoreState | undefined {
  const isOngoing = /ongoing-request="(true|false)"/.exec(header ?? '')?.[1];
  if (isOngoing === undefined) return undefined;
  if (isOngoing === 'true') return { state: 'ongoing' };
  const until = Date.parse(/expiry-date="([^"]*)"/.exec(header ?? '')?.[1] ?? '');
  return { state: 'ready', until: Number.isNaN(until) ? undefined : new Date(until) };
}

function parseEncryption(output: HeadObjectCommandOutput): FoundEncryption | undefined {
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: keyId } = output;
  if (algorithm === undefined) return undefined;
  return { algorithm, ...(keyId === undefined ? {} : { keyId }) };
}
