import { AppError } from '../../../errors.ts';
import type { CsvPart } from '../csv/part.ts';
import { type DecodeLimits, defaultLimits } from '../limits.ts';
import type { ByteSource } from './byte-source.ts';
import { readDirectory, type ZipEntry } from './directory.ts';
import { checkReadable, readEntry } from './entry.ts';
import { isDataEntry } from './entry-name.ts';
import { zipInvalid } from './zip-error.ts';

export interface ZipOptions {
  /** What messages call the object. */
  readonly name: string;
  readonly limits?: Partial<DecodeLimits>;
  readonly signal?: AbortSignal | undefined;
}

export interface ZipArchive {
  /** The CSV entries in the archive's order, each to be read once, one at a time. */
  readonly parts: readonly CsvPart[];
  /** Names of the entries that are no data: directories, manifests, what desktops leave behind. */
  readonly skipped: readonly string[];
}

/**
 * Opens a zip (also zip64) by its directory; the entries are read by ranges as their parts are iterated. No name is ever
 * used as a path.
 * @throws AppError ZIP_INVALID, EXPANDS_TOO_MUCH, and whatever the source throws; for an entry's content also
 * PARQUET_UNSUPPORTED, FORMAT_UNKNOWN and CANCELLED while it is iterated
 */
export async function openZip(source: ByteSource, options: ZipOptions): Promise<ZipArchive> {
  const { name, signal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const entries = await readDirectory(source, name, limits.maxZipEntries);
  const data = entries.filter((entry) => isDataEntry(entry.name));
  const skipped = entries.filter((entry) => !isDataEntry(entry.name)).map((entry) => entry.name);
  if (data.length === 0 && skipped.length > 0) {
    throw zipInvalid(name, `no CSV in it, only ${skipped.slice(0, 5).map(quoteName).join(', ')}`);
  }
  checkTotal(name, data, limits.maxExpandedBytes);
  const parts = data.map((entry) => {
    const entryName = `${name}, entry ${quoteName(entry.name)}`;
    checkReadable(entryName, entry);
    return { name: entryName, bytes: readEntry(source, entry, { name: entryName, limits, signal }) };
  });
  return { parts, skipped };
}

function checkTotal(archive: string, entries: readonly ZipEntry[], maxBytes: number): void {
  const total = entries.reduce((sum, entry) => sum + entry.expandedBytes, 0);
  if (total <= maxBytes) return;
  throw new AppError(
    'EXPANDS_TOO_MUCH',
    `${archive}: says that it expands to ${total} bytes; at most ${maxBytes} are read`,
  );
}

/** A name out of the archive, made harmless for logs and cut to a readable length. */
function quoteName(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
