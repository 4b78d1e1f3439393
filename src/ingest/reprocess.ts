import { AppError, isAppError } from '../errors.ts';
import { type FileFilter, findFile, listFileIds } from '../registry/file/find-file.ts';
import { reprocessFile } from '../registry/file/reprocess-file.ts';
import type { IngestContext } from './context.ts';

/** Files at most that one request reprocesses; the next request takes the next. */
export const maxReprocessed = 10_000;

/**
 * Puts one file back into the queue, at the ETag that its object has now. An INGESTED one keeps its rows until the new
 * ones replace them, in one transaction.
 * @throws AppError NOT_FOUND, ILLEGAL_STATE, FILE_MISSING when the object is not (or still not) there
 */
export async function reprocess(
  context: IngestContext,
  { fileId, actor }: { readonly fileId: number; readonly actor: string },
): Promise<void> {
  const file = await findFile(context.registry, fileId);
  if (file.status === 'NEW')
    throw new AppError('ILLEGAL_STATE', `file ${fileId} is NEW already: a worker will take it`);
  await using reader = context.aws.openReader({
    role: file.role,
    bucket: file.bucket,
    bucketRegion: file.bucketRegion ?? undefined,
    prefix: file.root,
    client: file.client,
    job: 'reprocess',
  });
  const { etag, versionId, sizeBytes, lastModified } = await reader.head(file.key);
  const object = { etag, versionId: versionId ?? null, sizeBytes, lastModified };
  await reprocessFile(context.registry, { fileId, object, actor });
}

export interface ReprocessedMany {
  readonly reprocessed: readonly number[];
  readonly refused: readonly { readonly fileId: number; readonly code: string; readonly message: string }[];
}

/** All files that the filter finds, each by itself: one that can't be reprocessed does not keep the others. */
export async function reprocessMany(
  context: IngestContext,
  { filter, actor }: { readonly filter: FileFilter; readonly actor: string },
): Promise<ReprocessedMany> {
  const reprocessed: number[] = [];
  const refused: { fileId: number; code: string; message: string }[] = [];
  for (const fileId of await listFileIds(context.registry, filter, maxReprocessed)) {
    try {
      await reprocess(context, { fileId, actor });
      reprocessed.push(fileId);
    } catch (error) {
      if (!isAppError(error)) throw error;
      refused.push({ fileId, code: error.code, message: error.message });
    }
  }
  return { reprocessed, refused };
}
