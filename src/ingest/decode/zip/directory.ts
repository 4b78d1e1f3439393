import { type Entry, fromRandomAccessReaderPromise } from 'yauzl';
import type { ByteSource } from './byte-source.ts';
import { DirectoryReader } from './directory-reader.ts';
import { asZipError, zipInvalid } from './zip-error.ts';

/** Names, extra fields and comments of all entries; each entry could hold 192 KB of them. */
const maxDirectoryBytes = 8 * 1024 * 1024;

/** One entry as the archive's directory describes it, which is no proof of anything. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly expandedBytes: number;
  readonly headerStart: number;
  /** Where the next entry's header begins, or the object ends: its data cannot reach beyond. */
  readonly spanEnd: number;
  /** Reads the entry's own header, which says where its data begins. */
  readonly locateData: () => Promise<number>;
}

/**
 * The entries of a zip in the directory's order.
 * @throws AppError ZIP_INVALID, and whatever the source throws
 */
export async function readDirectory(
  source: ByteSource,
  archive: string,
  maxEntries: number,
): Promise<readonly ZipEntry[]> {
  try {
    const reader = new DirectoryReader(source);
    const zip = await fromRandomAccessReaderPromise(reader, source.sizeBytes, { autoClose: false });
    // yauzl may report an error after its iterator is done; nobody waits for that one
    zip.on('error', () => {});
    if (zip.entryCount > maxEntries) {
      throw zipInvalid(archive, `${zip.entryCount} entries; at most ${maxEntries} are read`);
    }
    const entries: Entry[] = [];
    let directoryBytes = 0;
    for await (const entry of zip.eachEntry()) {
      directoryBytes += entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
      if (directoryBytes > maxDirectoryBytes) {
        throw zipInvalid(archive, `the names and comments in its directory take more than ${maxDirectoryBytes} bytes`);
      }
      entries.push(entry);
    }
    const starts = entries.map((entry) => entry.relativeOffsetOfLocalHeader).toSorted((a, b) => a - b);
    return entries.map((entry) => ({
      name: entry.fileName,
      method: entry.compressionMethod,
      encrypted: entry.isEncrypted(),
      crc32: entry.crc32,
      compressedBytes: entry.compressedSize,
      expandedBytes: entry.uncompressedSize,
      headerStart: entry.relativeOffsetOfLocalHeader,
      spanEnd: starts[starts.indexOf(entry.relativeOffsetOfLocalHeader) + 1] ?? source.sizeBytes,
      locateData: async () => (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart,
    }));
  } catch (error) {
    throw asZipError(archive, error);
  }
}
