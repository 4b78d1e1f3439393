import { AppError } from '../../errors.ts';
import { type ExportFamily, type ManifestKey, parseKey } from './layout.ts';
import { type ColumnEntry, dataExportSchema, legacySchema, readJson, readShape } from './manifest-shape.ts';
import { type BillingPeriod, parseManifestPeriod } from './period.ts';

/** Far above any real one (under 1 MB), and little enough to be parsed in one go without the service standing still. */
export const maxManifestBytes = 16 * 1024 * 1024;

/** What a manifest says, both families alike. */
export interface Manifest {
  readonly family: ExportFamily;
  /** assemblyId or executionId. */
  readonly executionId: string;
  /** The report's or export's own name in AWS. */
  readonly sourceName: string;
  readonly payerAccount: string | undefined;
  readonly period: BillingPeriod;
  /** The bucket that the manifest names; another one than its own where somebody copied the export. */
  readonly bucket: string | undefined;
  /** Bucket-relative, in the manifest's order, as it spells them: see `resolveKeys`. None twice. */
  readonly dataKeys: readonly string[];
  /** `category/Name` (legacy) or the column's name; a template at times, not the files' header. */
  readonly columns: readonly string[];
  readonly format: 'csv' | 'parquet' | 'unknown';
  readonly compression: 'gzip' | 'zip' | 'none' | 'unknown';
}

export interface ManifestLocation {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Reads a manifest liberally (AWS publishes no schema) and says what was not understood.
 * @throws AppError MANIFEST_INVALID
 */
export function parseManifest(bytes: Uint8Array, { bucket, key }: ManifestLocation): Manifest {
  const subject = `manifest s3://${bucket}/${key}`;
  const place = parseKey(key);
  if (place.role !== 'manifest') throw invalid(subject, 'its key is not that of a manifest');
  if (bytes.length > maxManifestBytes)
    throw invalid(subject, `has ${bytes.length} bytes, more than ${maxManifestBytes}`);
  // A key, an id or a name with a NUL in it could not be written down.
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('\\u0000'))
    throw invalid(subject, 'it holds a NUL (\\u0000)');
  const value = readJson(bytes, subject);
  if (hasOwn(value, 'reportKeys') || hasOwn(value, 'assemblyId')) return legacyManifest(value, place, subject);
  if (hasOwn(value, 'dataFiles') || hasOwn(value, 'executionId')) return dataExportManifest(value, place, subject);
  throw invalid(subject, 'it has neither "reportKeys" (Cost and Usage Report) nor "dataFiles" (Data Exports)');
}

export interface KeySet {
  has(key: string): boolean;
}

export interface ResolvedKey {
  /** As listed; as the manifest has it where nothing of the kind is listed. */
  readonly key: string;
  readonly isListed: boolean;
}

/**
 * The manifest's keys as the bucket spells them: exactly, else percent-decoded, else with one leading slash more or less
 * (an empty prefix gives keys with one, and not every manifest repeats it). Two spellings of one object are one file.
 */
export function resolveKeys(manifest: Pick<Manifest, 'dataKeys'>, listedKeys: KeySet): readonly ResolvedKey[] {
  const resolved = new Map<string, ResolvedKey>();
  for (const dataKey of manifest.dataKeys) {
    const key = listedKeys.has(dataKey) ? dataKey : otherSpellings(dataKey).find((other) => listedKeys.has(other));
    resolved.set(key ?? dataKey, { key: key ?? dataKey, isListed: key !== undefined });
  }
  return [...resolved.values()];
}

function legacyManifest(value: object, place: ManifestKey, subject: string): Manifest {
  const read = readShape(legacySchema, value, subject);
  return {
    family: 'legacy',
    executionId: read.assemblyId,
    sourceName: read.reportName ?? place.sourceName,
    payerAccount: accountText(read.account),
    period: legacyPeriod(read.billingPeriod ?? undefined, place, subject),
    bucket: read.bucket || undefined,
    dataKeys: unique(read.reportKeys),
    columns: columnNames(read.columns ?? []),
    ...formatOf(read.reportKeys, read.contentType ?? '', read.compression ?? ''),
  };
}

function dataExportManifest(value: object, place: ManifestKey, subject: string): Manifest {
  const read = readShape(dataExportSchema, value, subject);
  const locations = read.dataFiles.map((file) => parseLocation(file, subject));
  const buckets = unique(locations.flatMap((location) => location.bucket ?? []));
  if (buckets.length > 1)
    throw invalid(subject, `its data files lie in several buckets: ${buckets.slice(0, 3).join(', ')}`);
  const dataKeys = unique(locations.map((location) => location.key));
  // arn:<partition>:bcm-data-exports:<region>:<account>:export/<name>-<uuid>
  const [, , , , payer, exportPart] = (read.exportArn ?? '').split(':');
  const name = /^export\/(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.exec(exportPart ?? '')?.[1];
  return {
    family: 'data-export',
    executionId: read.executionId,
    sourceName: name ?? place.sourceName,
    payerAccount: payer || undefined,
    period: dataExportPeriod(dataKeys, place, subject),
    bucket: buckets[0],
    dataKeys,
    columns: columnNames(read.columns ?? []),
    ...formatOf(dataKeys, '', ''),
  };
}

/** The manifest's own period; a folder that says another month would publish one month's bill as another's. */
function legacyPeriod(
  stated: { readonly start: string; readonly end: string } | undefined,
  place: ManifestKey,
  subject: string,
): BillingPeriod {
  if (stated === undefined) {
    if (place.period !== undefined) return place.period;
    throw invalid(subject, 'neither it nor its path says which billing period it is of');
  }
  const period = parseManifestPeriod(stated.start, stated.end);
  if (period === undefined)
    throw invalid(subject, `billingPeriod ${quoted(stated.start)} to ${quoted(stated.end)} is no month`);
  return agreed(period, place.period, subject, 'billingPeriod');
}

/** Data Exports write the period into the path alone. */
function dataExportPeriod(dataKeys: readonly string[], place: ManifestKey, subject: string): BillingPeriod {
  let period = place.period;
  for (const dataKey of dataKeys) {
    const parsed = parseKey(dataKey);
    if (parsed.role === 'data') period = agreed(parsed.period, period, subject, `data file ${quoted(dataKey)}`);
  }
  if (period === undefined)
    throw invalid(subject, 'neither its path nor its data files say which billing period it is of');
  return period;
}

function agreed(period: BillingPeriod, other: BillingPeriod | undefined, subject: string, what: string): BillingPeriod {
  if (other === undefined || other.start === period.start) return period;
  throw invalid(subject, `${what} is of ${period.start}, but the manifest lies in the folder of ${other.start}`);
}

/** `s3://bucket/key`, the key kept to the letter (colons, double slashes); without a scheme a bucket-relative key. */
function parseLocation(file: string, subject: string): { readonly bucket?: string; readonly key: string } {
  const found = /^s3[an]?:\/\/([^/]+)\/(.+)$/is.exec(file);
  if (found?.[1] !== undefined && found[2] !== undefined) return { bucket: found[1], key: found[2] };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file)) throw invalid(subject, `data file ${quoted(file)} is no s3:// location`);
  return { key: file };
}

function otherSpellings(key: string): readonly string[] {
  if (!key.includes('%')) return [otherSlash(key)];
  const decoded = percentDecoded(key);
  return [decoded, otherSlash(key), otherSlash(decoded)];
}

function otherSlash(key: string): string {
  return key.startsWith('/') ? key.slice(1) : `/${key}`;
}

function percentDecoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // a key may well hold a percent sign that encodes nothing
  }
}

/** The keys' endings count before what the manifest declares; the decoder decides by the bytes in the end. */
function formatOf(
  keys: readonly string[],
  contentType: string,
  declared: string,
): Pick<Manifest, 'format' | 'compression'> {
  const ending = keys[0] ?? '';
  if (/\.parquet$/i.test(ending) || /parquet/i.test(contentType) || /parquet/i.test(declared)) {
    return { format: 'parquet', compression: 'none' };
  }
  const format = /\.csv(\.|$)/i.test(ending) || /csv/i.test(contentType) ? 'csv' : 'unknown';
  if (/\.gz$/i.test(ending)) return { format, compression: 'gzip' };
  if (/\.zip$/i.test(ending)) return { format, compression: 'zip' };
  if (/\.csv$/i.test(ending)) return { format, compression: 'none' };
  return { format, compression: /^gzip$/i.test(declared) ? 'gzip' : /^zip$/i.test(declared) ? 'zip' : 'unknown' };
}

function columnNames(columns: readonly ColumnEntry[]): readonly string[] {
  return columns.map((entry) => {
    if (typeof entry === 'string') return entry;
    return entry.category ? `${entry.category}/${entry.name}` : entry.name;
  });
}

/** Account ids have twelve digits; written as a JSON number one loses its leading zeros. */
function accountText(value: string | number | null | undefined): string | undefined {
  return typeof value === 'number' ? String(value).padStart(12, '0') : value || undefined;
}

function hasOwn(value: object, name: string): boolean {
  return Object.hasOwn(value, name);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 300));
}

function invalid(subject: string, what: string): AppError {
  return new AppError('MANIFEST_INVALID', `${subject}: ${what}`);
}
