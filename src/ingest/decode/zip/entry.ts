import { crc32, createInflateRaw } from 'node:zlib';
import { AppError } from '../../../errors.ts';
import { detectMagic, magicBytes } from '../format.ts';
import { type ExpansionLimits, inflate, inflateOptions } from '../inflate.ts';
import { type ByteSource, readRange } from './byte-source.ts';
import type { ZipEntry } from './directory.ts';
import { asZipError, zipInvalid } from './zip-error.ts';

const stored = 0;
const deflated = 8;

export interface EntryOptions {
  /** What messages call the entry. */
  readonly name: string;
  readonly limits: ExpansionLimits;
  readonly signal?: AbortSignal | undefined;
}

/** @throws AppError ZIP_INVALID for what cannot be read, whatever its bytes */
export function checkReadable(name: string, entry: ZipEntry): void {
  if (entry.encrypted) throw zipInvalid(name, 'is encrypted');
  if (entry.method !== stored && entry.method !== deflated) {
    throw zipInvalid(name, `is compressed by method ${entry.method}; ${stored} and ${deflated} are read`);
  }
}

/**
 * One entry's content, proved at its end to be what the directory says: its bytes are its own, its size and CRC right.
 * @throws AppError ZIP_INVALID, EXPANDS_TOO_MUCH, PARQUET_UNSUPPORTED, FORMAT_UNKNOWN, CANCELLED
 */
export async function* readEntry(
  source: ByteSource,
  entry: ZipEntry,
  options: EntryOptions,
): AsyncGenerator<Uint8Array, void> {
  const { name } = options;
  const dataStart = await locateData(name, entry);
  const compressed = readRange(source, dataStart, dataStart + entry.compressedBytes);
  const expanded = entry.method === stored ? compressed : inflateEntry(compressed, entry, options);
  let bytes = 0;
  let crc = 0;
  for await (const chunk of expanded) {
    if (bytes === 0) checkIsText(name, chunk);
    bytes += chunk.length;
    if (bytes > entry.expandedBytes) throw zipInvalid(name, `holds more than the ${entry.expandedBytes} bytes it says`);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (bytes < entry.expandedBytes) throw zipInvalid(name, `holds ${bytes} bytes and not ${entry.expandedBytes}`);
  if (crc !== entry.crc32) throw zipInvalid(name, `its CRC is ${hex(crc)} and not ${hex(entry.crc32)}`);
}

/** Entries over the same bytes are how a small archive pretends to be an endless one. */
async function locateData(name: string, entry: ZipEntry): Promise<number> {
  const dataStart = await entry.locateData().catch((error) => {
    throw asZipError(name, error);
  });
  if (dataStart + entry.compressedBytes > entry.spanEnd) throw zipInvalid(name, 'overlaps the entry after it');
  return dataStart;
}

async function* inflateEntry(
  compressed: AsyncIterable<Uint8Array>,
  entry: ZipEntry,
  { name, limits, signal }: EntryOptions,
): AsyncGenerator<Buffer, void> {
  const engine = createInflateRaw(inflateOptions);
  yield* inflate(compressed, engine, {
    name,
    limits,
    signal,
    onInvalid: (error, byte) => zipInvalid(name, `after compressed byte ${byte}: ${error.message}`, error),
  });
  if (engine.bytesWritten < entry.compressedBytes) throw zipInvalid(name, 'bytes after the end of its compressed data');
}

function checkIsText(name: string, head: Uint8Array): void {
  const magic = detectMagic(head.subarray(0, magicBytes));
  if (magic === undefined) return;
  const code = magic === 'parquet' ? 'PARQUET_UNSUPPORTED' : 'FORMAT_UNKNOWN';
  throw new AppError(code, `${name}: a ${magic} file inside a zip isn't read; deliver it by itself`);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
