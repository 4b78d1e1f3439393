import type { ListedObject, ObjectReader } from '../../aws/object-store.ts';
import { readObject } from '../../aws/resumable-read.ts';
import { AppError, isAppError } from '../../errors.ts';
import { kindOf } from '../discover/kind.ts';
import { parseKey } from '../discover/layout.ts';
import { indexListing, type ListedManifest } from '../discover/listing-index.ts';
import { type Manifest, maxManifestBytes, parseManifest, resolveKeys } from '../discover/manifest.ts';
import type { ListingCheck } from './check-listing.ts';
import { failureFinding } from './failure-finding.ts';
import type { Finding } from './finding.ts';
import type { PreflightRequest } from './preflight.ts';

export interface ExportsCheck {
  readonly findings: readonly Finding[];
  /** A data file of the newest delivery, to try reading. */
  readonly newestData: ListedObject | undefined;
}

interface ReadExport {
  readonly name: string;
  readonly object: ListedObject;
  readonly manifest: Manifest;
}

/** Each costs a GET; a prefix with more exports than this is still ingested whole. */
const MAX_MANIFESTS_READ = 20;
/** AWS refreshes an export at least once a day; longer than this is more than a slow day. */
const MAX_QUIET_DAYS = 3;
const DAY_MS = 86_400_000;

/** What exports lie in the listing, by their newest manifests, and whether each looks alive and whole. */
export async function checkExports(
  reader: ObjectReader,
  listing: ListingCheck,
  { now, signal }: Pick<PreflightRequest, 'now' | 'signal'>,
): Promise<ExportsCheck> {
  const index = indexListing(reader.bucket, listing.objects);
  const newest = newestManifests([...index.manifests.values()].flat());
  const findings: Finding[] = [];
  const exports: ReadExport[] = [];
  for (const { place, object } of newest.slice(0, MAX_MANIFESTS_READ)) {
    try {
      const manifest = await readManifest(reader, object, signal);
      exports.push({ name: `${place.root}${place.sourceName}`, object, manifest });
    } catch (error) {
      findings.push(unreadable(error));
    }
  }
  if (newest.length === 0) findings.push(noManifest(listing.objects));
  for (const found of exports)
    findings.push(...exportFindings(found, listing.isWhole ? index.objects : undefined, now));
  return {
    findings: [...findings, ...overlaps(exports)],
    newestData: newestData(exports, index.objects, listing.objects),
  };
}

/** One for each export, the one written last; exports by their manifests' age, newest first. */
function newestManifests(manifests: readonly ListedManifest[]): readonly ListedManifest[] {
  const byExport = new Map<string, ListedManifest>();
  const newestFirst = manifests.toSorted((a, b) => b.object.lastModified.getTime() - a.object.lastModified.getTime());
  for (const manifest of newestFirst) {
    const { family, root, sourceName } = manifest.place;
    const name = JSON.stringify([family, root, sourceName]);
    if (!byExport.has(name)) byExport.set(name, manifest);
  }
  return [...byExport.values()];
}

async function readManifest(
  reader: ObjectReader,
  object: ListedObject,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const { key, sizeBytes } = object;
  if (sizeBytes > maxManifestBytes) {
    throw new AppError(
      'MANIFEST_INVALID',
      `manifest s3://${reader.bucket}/${key} has ${sizeBytes} bytes, more than ${maxManifestBytes}`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of readObject(reader, { ...object, signal })) chunks.push(chunk);
  return parseManifest(Buffer.concat(chunks), { bucket: reader.bucket, key });
}

function unreadable(error: unknown): Finding {
  if (!isAppError(error, 'MANIFEST_INVALID')) return failureFinding(error);
  const advice = 'Look at the manifest in the bucket; if AWS wrote it so, send it to whoever runs Billvault.';
  return { code: 'EXPORT_UNHEALTHY', severity: 'error', message: error.message, advice };
}

function noManifest(objects: readonly ListedObject[]): Finding {
  const data = objects.filter(({ key }) => isData(key));
  if (data.length === 0) {
    return {
      code: 'FORMAT_UNSUPPORTED',
      severity: 'error',
      message: `none of the ${objects.length} objects is a billing file by its name, such as ${JSON.stringify(objects[0]?.key)}`,
      advice: 'Check the prefix; Billvault reads CSV (plain, gzip, zip) and parquet.',
    };
  }
  return {
    code: 'NO_MANIFEST',
    severity: 'warning',
    message: `${data.length} data files and no manifest were found`,
    advice:
      'If AWS has just set the export up, wait for its first delivery; if these are copies, register the export as kind "files".',
  };
}

function exportFindings(
  { name, object, manifest }: ReadExport,
  listed: ReadonlyMap<string, ListedObject> | undefined,
  now: Date,
): readonly Finding[] {
  const { kind, note } = kindOf(manifest);
  const findings: Finding[] = [];
  if (kind === undefined) {
    const advice =
      'Only Cost and Usage Reports and FOCUS exports are understood; register other files as kind "files".';
    findings.push({
      code: 'FORMAT_UNSUPPORTED',
      severity: 'error',
      message: `${name}: ${note ?? 'unknown kind'}`,
      advice,
    });
  } else {
    const message = `${name}: ${kind}, newest period ${manifest.period.start}, ${manifest.dataKeys.length} files${note ? `; ${note}` : ''}`;
    findings.push({ code: 'EXPORT_FOUND', severity: 'ok', message, advice: '' });
  }
  const missing = listed ? resolveKeys(manifest, listed).filter((key) => !key.isListed) : [];
  if (missing.length > 0) {
    const message = `${name}: ${missing.length} of ${manifest.dataKeys.length} files in the manifest are not in the bucket, such as ${missing[0]?.key}`;
    const advice =
      'Have the client check for lifecycle rules or jobs that delete or move billing files, and for the prefix of the grant.';
    findings.push({ code: 'EXPORT_UNHEALTHY', severity: 'error', message, advice });
  }
  const quietDays = Math.floor((now.getTime() - object.lastModified.getTime()) / DAY_MS);
  if (quietDays > MAX_QUIET_DAYS) {
    const message = `${name}: nothing was delivered for ${quietDays} days`;
    const advice = "Have the client look at the export's state in the AWS billing console.";
    findings.push({ code: 'EXPORT_UNHEALTHY', severity: 'warning', message, advice });
  }
  return findings;
}

function overlaps(exports: readonly ReadExport[]): readonly Finding[] {
  const byPayer = Map.groupBy(exports, ({ manifest }) => manifest.payerAccount);
  return [...byPayer].flatMap(([payer, ofPayer]): Finding[] => {
    if (payer === undefined || ofPayer.length < 2) return [];
    const message = `payer ${payer} is billed in ${ofPayer.length} exports: ${ofPayer.map(({ name }) => name).join(', ')}`;
    const advice = 'They hold the same money more than once: never add their tables up, or register only one of them.';
    return [{ code: 'EXPORTS_OVERLAP', severity: 'warning', message, advice }];
  });
}

function newestData(
  exports: readonly ReadExport[],
  listed: ReadonlyMap<string, ListedObject>,
  objects: readonly ListedObject[],
): ListedObject | undefined {
  const keys = exports.flatMap(({ manifest }) => resolveKeys(manifest, listed).map(({ key }) => key));
  const ofManifest = keys.find((key) => listed.has(key));
  return ofManifest === undefined ? objects.find(({ key }) => isData(key)) : listed.get(ofManifest);
}

function isData(key: string): boolean {
  const place = parseKey(key);
  return place.role === 'data' || (place.role === 'unknown' && place.looksLikeData);
}
