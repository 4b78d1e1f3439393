import type { ListedObject, ObjectReader } from '../../aws/object-store.ts';
import { type AppError, isAppError } from '../../errors.ts';
import { parseKey } from '../discover/layout.ts';
import { indexListing } from '../discover/listing-index.ts';
import { resolveKeys } from '../discover/manifest.ts';
import type { ListingCheck } from './check-listing.ts';
import { exportFindings, overlapFindings, type ReadExport } from './export-findings.ts';
import type { Finding } from './finding.ts';
import { newestManifests, readManifest } from './newest-manifests.ts';
import type { PreflightRequest } from './preflight-request.ts';

export interface ExportsCheck {
  readonly findings: readonly Finding[];
  /** A data file of the newest delivery, to try reading. */
  readonly newestData: ListedObject | undefined;
}

/** Each costs a GET; a prefix with more exports than this is still ingested whole. */
const MAX_MANIFESTS_READ = 20;

/**
 * What exports lie in the listing, by their newest manifests, and whether each looks alive and whole.
 * @throws AppError as readObject, where a manifest cannot be fetched
 */
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
      if (!isAppError(error, 'MANIFEST_INVALID')) throw error;
      findings.push(invalidManifest(error));
    }
  }
  if (newest.length === 0) findings.push(noManifest(listing.objects));
  for (const found of exports)
    findings.push(...exportFindings(found, listing.isWhole ? index.objects : undefined, now));
  return {
    findings: [...findings, ...overlapFindings(exports)],
    newestData: newestData(exports, index.objects, listing.objects),
  };
}

function invalidManifest({ message }: AppError): Finding {
  const advice = 'Look at the manifest in the bucket; if AWS wrote it so, send it to whoever runs Billvault.';
  return { code: 'EXPORT_UNHEALTHY', severity: 'error', message, advice };
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
