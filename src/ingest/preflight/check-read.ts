import type { ListedObject, ObjectReader } from '../../aws/object-store.ts';
import { readObject } from '../../aws/resumable-read.ts';
import { isAppError } from '../../errors.ts';
import type { Finding } from './finding.ts';

/**
 * Reads one byte of an object: that it is listed does not mean that it may be read, nor decrypted.
 * @throws AppError as readObject
 */
export async function checkRead(
  reader: ObjectReader,
  object: ListedObject,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const range = object.sizeBytes === 0 ? undefined : { start: 0, end: 1 };
  try {
    for await (const _ of readObject(reader, { ...object, range, signal })) break;
  } catch (error) {
    // Replaced between listing and reading: AWS is delivering, and the answer proves that we may read.
    if (!isAppError(error, 'FILE_CHANGED')) throw error;
  }
  const message = `s3://${reader.bucket}/${object.key} can be read`;
  return { code: 'OBJECT_READ', severity: 'ok', message, advice: '' };
}
