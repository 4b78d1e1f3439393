import type { ArchiveStore } from '../../aws/archive-store.ts';
import { byteSource } from '../../aws/byte-source.ts';
import { AppError, isAppError } from '../../errors.ts';
import { openPart } from '../../parquet/read-part.ts';
import type { PartRecord } from '../../registry/archive/unit-record.ts';

/**
 * The canonical lines of a stored part, read by its version. The bytes are not compared here: see verifyPart.
 * @throws AppError FILE_MISSING, FILE_COLD, PROOF_FAILED for what is no parquet of ours any more, or transient
 */
export async function* openPartLines(
  store: ArchiveStore,
  part: PartRecord,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void> {
  if (part.versionId === null)
    throw new AppError('ILLEGAL_STATE', `part ${part.key} is ${part.state}: it has no version yet`);
  const { etag } = await store.head(part.key, part.versionId, signal === undefined ? {} : { signal });
  const source = byteSource(store.readerOf(part.versionId), { key: part.key, sizeBytes: part.sizeBytes, etag, signal });
  try {
    const file = await openPart(source, signal === undefined ? {} : { signal });
    try {
      yield* file.lines();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isAppError(error, 'PARQUET_INVALID', 'PARQUET_UNSUPPORTED', 'EXPANDS_TOO_MUCH')) throw error;
    throw new AppError('PROOF_FAILED', `part s3://${part.bucket}/${part.key}: ${error.message}`, { cause: error });
  } finally {
    await source.close();
  }
}
