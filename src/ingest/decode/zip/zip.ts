import { crc32, createInflateRaw } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import { AppError } from '../../../errors.ts';
import type { CsvPart } from '../csv/part.ts';
import { detectMagic, magicBytes } from '../format.ts';
import { inflate, inflateOptions } from '../inflate.ts';
import { type DecodeLimits, defaultLimits } from '../limits.ts';
import { type ByteSource, readRange } from './byte-source.ts';
import { DirectoryReader } from './directory-reader.ts';
import { isDataEntry } from './entry-name.ts';

export interface ZipOptions {
  /** What messages call the object. */
  readonly name: string;
  readonly limits?: Pick<
    DecodeLimits,
    'maxExpandedBytes' | 'maxExpansionRatio' | 'expansionFreeBytes' | 'maxZipEntries'
  >;
  readonly signal?: AbortSignal | undefined;
}

export interface ZipArchive {
  /** The CSV entries in the archive's order, each to be read once, one at a time. */
  readonly parts: readonly CsvPart[];
  /** Names of the entries that are no data: directories, manifests, what desktops leave behind. */
  readonly skipped: readonly string[];
}

const stored = 0;
const deflated = 8;

/**
 * Opens a zip (also zip64) by its directory; entries are read by ranges as their parts are iterated. Sizes and CRC of
 * every entry are checked, entries that share bytes are refused, and no name is ever used as a path.
 * @throws AppError ZIP_INVALID, EXPANDS_TOO_MUCH, FORMAT_UNKNOWN, PARQUET_UNSUPPORTED, and whatever the source throws;
 * of an entry's content while it is iterated
 */
export async function openZip(source: ByteSource, options: ZipOptions): Promise<ZipArchive> {
  const limits = options.limits ?? defaultLimits;
  const entries = await readDirectory(source, options.name, limits.maxZipEntries);
  const data = entries.filter((entry) => isDataEntry(entry.name));
  const skipped = entries.filter((entry) => !isDataEntry(entry.name)).map((entry) => entry.name);
  if (data.length === 0 && skipped.length > 0) {
    throw invalid(options.name, `no CSV in it, only ${skipped.slice(0, 5).map(quote).join(', ')}`);
  }
  checkSpans(options.name, entries);
  for (const entry of data) checkReadable(options.name, entry);
  checkTotal(options.name, data, limits.maxExpandedBytes);
  const parts = data.map((entry) => ({
    name: `${options.name}, entry ${quote(entry.name)}`,
    bytes: readEntry(source, entry, { ...options, limits }),
  }));
  return { parts, skipped };
}

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc32: number;
  readonly headerStart: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly expandedBytes: number;
}

async function readDirectory(source: ByteSource, name: string, maxEntries: number): Promise<readonly ZipEntry[]> {
  let zip: ZipFile | undefined;
  try {
    const reader = new DirectoryReader(source);
    zip = await fromRandomAccessReaderPromise(reader, source.sizeBytes, { autoClose: false });
    // yauzl may report an error after its iterator is done; nobody waits for that one
    zip.on('error', () => {});
    if (zip.entryCount > maxEntries) throw tooMany(name, zip.entryCount, maxEntries);
    const listed: Entry[] = [];
    for await (const entry of zip.eachEntry()) listed.push(entry);
    const entries: ZipEntry[] = [];
    for (const entry of listed) {
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      entries.push(toZipEntry(entry, fileDataStart));
    }
    return entries;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalid(name, error instanceof Error ? error.message : String(error), error);
  } finally {
    zip?.close();
  }
}

function toZipEntry(entry: Entry, dataStart: number): ZipEntry {
  return {
    name: entry.fileName,
    method: entry.compressionMethod,
    encrypted: entry.isEncrypted(),
    crc32: entry.crc32,
    headerStart: entry.relativeOffsetOfLocalHeader,
    dataStart,
    dataEnd: dataStart + entry.compressedSize,
    expandedBytes: entry.uncompressedSize,
  };
}

/** Entries over the same bytes are how a small archive pretends to be an endless one. */
function checkSpans(name: string, entries: readonly ZipEntry[]): void {
  const inOrder = entries.toSorted((a, b) => a.headerStart - b.headerStart);
  for (const [i, entry] of inOrder.entries()) {
    const next = inOrder[i + 1];
    if (next !== undefined && entry.dataEnd > next.headerStart) {
      throw invalid(name, `the entries ${quote(entry.name)} and ${quote(next.name)} overlap`);
    }
  }
}

function checkReadable(archive: string, entry: ZipEntry): void {
  if (entry.encrypted) throw invalid(archive, `the entry ${quote(entry.name)} is encrypted`);
  if (entry.method !== stored && entry.method !== deflated) {
    throw invalid(archive, `the entry ${quote(entry.name)} is compressed by method ${entry.method}; 0 and 8 are read`);
  }
}

function checkTotal(name: string, entries: readonly ZipEntry[], maxExpandedBytes: number): void {
  const total = entries.reduce((sum, entry) => sum + entry.expandedBytes, 0);
  if (total > maxExpandedBytes) {
    throw new AppError(
      'EXPANDS_TOO_MUCH',
      `${name}: says that it expands to ${total} bytes; ${maxExpandedBytes} are read`,
    );
  }
}

async function* readEntry(
  source: ByteSource,
  entry: ZipEntry,
  options: ZipOptions & { readonly limits: NonNullable<ZipOptions['limits']> },
): AsyncGenerator<Uint8Array, void> {
  const name = `${options.name}, entry ${quote(entry.name)}`;
  const compressed = readRange(source, entry.dataStart, entry.dataEnd);
  const engine = createInflateRaw(inflateOptions);
  const expanded =
    entry.method === stored
      ? compressed
      : inflate(compressed, engine, {
          name,
          limits: options.limits,
          signal: options.signal,
          onInvalid: (error, byte) => invalid(name, `compressed byte ${byte}: ${error.message}`, error),
        });
  let bytes = 0;
  let crc = 0;
  for await (const chunk of expanded) {
    if (bytes === 0) checkIsText(name, chunk);
    bytes += chunk.length;
    if (bytes > entry.expandedBytes)
      throw invalid(name, `holds more than the ${entry.expandedBytes} bytes that it says`);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (bytes < entry.expandedBytes) throw invalid(name, `holds ${bytes} bytes and not ${entry.expandedBytes}`);
  if (entry.method === deflated && engine.bytesWritten < entry.dataEnd - entry.dataStart) {
    throw invalid(name, 'bytes after the end of its compressed data');
  }
  if (crc !== entry.crc32) throw invalid(name, `CRC ${hex(crc)} and not ${hex(entry.crc32)}`);
}

function checkIsText(name: string, head: Uint8Array): void {
  const magic = detectMagic(head.subarray(0, magicBytes));
  if (magic === undefined) return;
  const code = magic === 'parquet' ? 'PARQUET_UNSUPPORTED' : 'FORMAT_UNKNOWN';
  throw new AppError(code, `${name}: a ${magic} file inside a zip isn't read; deliver it by itself`);
}

function tooMany(name: string, count: number, max: number): AppError {
  return invalid(name, `${count} entries; at most ${max} are read`);
}

function invalid(name: string, text: string, cause?: unknown): AppError {
  return new AppError('ZIP_INVALID', `${name}: ${text}`, { cause });
}

/** A name out of the archive, made harmless for logs and cut to a readable length. */
function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
