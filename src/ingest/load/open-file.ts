import type { ObjectReader } from '../../aws/object-store.ts';
import { detectFormat, magicBytes } from '../decode/format.ts';
import type { FileReading, ObjectToLoad } from './file-reading.ts';
import { peekStream } from './peek-stream.ts';
import { readCsvStream } from './read-csv.ts';
import { readEmpty } from './read-empty.ts';
import { readParquet } from './read-parquet.ts';
import { readZip } from './read-zip.ts';

/**
 * Starts reading an object as what its first bytes say it is, up to and including its header.
 * @throws AppError FORMAT_UNKNOWN, what the header's decoder throws, and what the way to the object ends with
 */
export async function openFile(reader: ObjectReader, object: ObjectToLoad): Promise<FileReading> {
  if (object.sizeBytes === 0) return readEmpty(reader, object);
  const peeked = await peekStream(reader, object, magicBytes);
  // No more than that: what a file is must not depend on how much of it the first chunk happens to hold.
  const format = detectFormat(object.key, peeked.head.subarray(0, magicBytes));
  if (format === 'empty') return readEmpty(reader, object);
  if (format.content === 'csv' && format.container !== 'zip') return readCsvStream(peeked, object, format.container);
  await peeked.close();
  return format.container === 'zip' ? readZip(reader, object) : readParquet(reader, object);
}
