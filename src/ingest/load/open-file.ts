import { byteSource } from '../../aws/byte-source.ts';
import type { ObjectReader } from '../../aws/object-store.ts';
import { detectFormat, magicBytes } from '../decode/format.ts';
import type { FileReading, ObjectToLoad } from './file-reading.ts';
import { peekStream } from './peek-stream.ts';
import { readCsvStream } from './read-csv.ts';
import { readEmpty } from './read-empty.ts';
import { readParquet } from './read-parquet.ts';
import { readZip } from './read-zip.ts';

/** Names of what is read by ranges. Only where to look first: what a file is, its first bytes say. */
const rangedName = /\.(parquet|zip)$/i;

/**
 * Starts reading an object as what its first bytes say it is, up to and including its header; in one download, unless its
 * name promises something else.
 * @throws AppError FORMAT_UNKNOWN, what the header's decoder throws, and what the way to the object ends with
 */
export async function openFile(reader: ObjectReader, object: ObjectToLoad): Promise<FileReading> {
  if (object.sizeBytes === 0) return readEmpty(reader, object);
  const ranged = rangedName.test(object.key) ? await openByRanges(reader, object) : undefined;
  return ranged ?? openAsStream(reader, object);
}

async function openAsStream(reader: ObjectReader, object: ObjectToLoad): Promise<FileReading> {
  const peeked = await peekStream(reader, object, magicBytes);
  try {
    // No more than that: what a file is must not depend on how much of it the first chunk happens to hold.
    const format = detectFormat(object.key, peeked.head.subarray(0, magicBytes));
    if (format !== 'empty' && format.content === 'csv' && format.container !== 'zip') {
      return await readCsvStream(peeked, object, format.container);
    }
  } catch (error) {
    await peeked.close();
    throw error;
  }
  await peeked.close();
  return (await openByRanges(reader, object)) ?? readEmpty(reader, object);
}

/** @returns undefined for what is neither parquet nor zip, whatever its name */
async function openByRanges(reader: ObjectReader, object: ObjectToLoad): Promise<FileReading | undefined> {
  const source = byteSource(reader, object);
  try {
    const head = await source.read(0, Math.min(magicBytes, object.sizeBytes));
    const format = detectFormat(object.key, head);
    if (format !== 'empty' && format.content === 'parquet') return await readParquet(source, object);
    if (format !== 'empty' && format.container === 'zip') return await readZip(source, object);
  } catch (error) {
    await source.close();
    throw error;
  }
  await source.close();
  return undefined;
}
