import type { ByteSource } from '../../aws/byte-source.ts';
import { openZip } from '../decode/zip/zip.ts';
import type { FileReading, ObjectToLoad } from './file-reading.ts';
import { readCsvParts } from './read-csv.ts';

/**
 * A zip of CSV files: its directory, which lies at its end, first, then its entries in order. The source is closed with
 * the reading; where none comes about it is the caller's still.
 */
export async function readZip(source: ByteSource, object: ObjectToLoad): Promise<FileReading> {
  const { parts } = await openZip(source, { name: object.key, limits: object.expansion, signal: object.signal });
  return readCsvParts(parts, object, { finish: () => source.finish(), close: () => source.close() });
}
