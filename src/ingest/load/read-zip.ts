import { byteSource } from '../../aws/byte-source.ts';
import type { ObjectReader } from '../../aws/object-store.ts';
import { openZip } from '../decode/zip/zip.ts';
import type { FileReading, ObjectToLoad } from './file-reading.ts';
import { readCsvParts } from './read-csv.ts';

/** A zip of CSV files: its directory, which lies at its end, first, then its entries in order. */
export async function readZip(reader: ObjectReader, object: ObjectToLoad): Promise<FileReading> {
  const source = byteSource(reader, object);
  try {
    const { parts } = await openZip(source, { name: object.key, limits: object.expansion, signal: object.signal });
    return await readCsvParts(parts, object, { finish: () => source.finish(), close: () => source.close() });
  } catch (error) {
    await source.close();
    throw error;
  }
}
