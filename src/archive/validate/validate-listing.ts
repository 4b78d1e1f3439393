import type { StoredVersion } from '../../aws/archive-store.ts';
import { findKnownObjects, type KnownObject } from '../../registry/archive/known-object.ts';
import { findStoredParts, listPartsToValidate } from '../../registry/archive/validated-part.ts';
import { keyBase } from '../bucket/archived-table.ts';
import { manifestPrefix } from '../bucket/wanted-lifecycle.ts';
import { flatManifests } from '../export/object-key.ts';
import { countOf } from '../plan/reason.ts';
import type { ValidationJob } from './validation-job.ts';

/** Versions held at once, and looked up together. */
const versionsOfBatch = 1_000;

/**
 * What the bucket has under the archive's prefix, against the registry: objects that nobody knows, versions that we did not
 * write, and markers that hide ours. The registry is asked after the bucket, and every part is on record before its upload,
 * so what is uploaded meanwhile is known.
 */
export async function validateListing(job: ValidationJob): Promise<void> {
  for (const prefix of await prefixesOf(job)) {
    let batch: StoredVersion[] = [];
    for await (const version of job.store.listVersions({ prefix, signal: job.signal })) {
      // Cut between keys: what is said of a version depends on the others of its key.
      if (batch.length >= versionsOfBatch && batch.at(-1)?.key !== version.key) {
        await validateVersions(job, batch);
        batch = [];
      }
      batch.push(version);
    }
    await validateVersions(job, batch);
  }
}

/** The whole archive, also what lies below former prefixes, or the folders of what is selected. */
async function prefixesOf({ context, selection }: ValidationJob): Promise<readonly string[]> {
  const { registry, destination } = context;
  const { source, tableIds, from, to } = selection;
  const isOfMonths = from !== undefined || to !== undefined;
  const isWhole = source === undefined && tableIds === undefined && !isOfMonths;
  if (isWhole) {
    const bases = [destination.prefix, ...(destination.formerPrefixes ?? [])].map((prefix) => keyBase({ prefix }));
    // One may lie within another: what is listed twice would be told twice.
    return [...new Set(bases)].filter((base) => !bases.some((other) => other !== base && base.startsWith(other)));
  }
  const prefixes = new Set<string>();
  if (source !== undefined && tableIds === undefined && !isOfMonths) {
    prefixes.add(`${manifestPrefix(keyBase(destination))}${source}/`);
  }
  const ids = (await listPartsToValidate(registry, selection)).map(({ id }) => id);
  for (let start = 0; start < ids.length; start += versionsOfBatch) {
    const parts = await findStoredParts(registry, ids.slice(start, start + versionsOfBatch));
    for (const { part } of parts) prefixes.add(isOfMonths ? monthFolder(part.key) : tableFolder(part.key));
  }
  return [...prefixes].sort();
}

function monthFolder(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** In the layout `flat` tables have no folders: then the month's. */
function tableFolder(key: string): string {
  const months = key.indexOf('/year=');
  return months === -1 ? monthFolder(key) : key.slice(0, months + 1);
}

async function validateVersions(job: ValidationJob, versions: readonly StoredVersion[]): Promise<void> {
  const keys = [...new Set(versions.map(({ key }) => key))];
  if (keys.length === 0) return;
  const known = await findKnownObjects(job.context.registry, { bucket: job.store.bucket, keys });
  const stored = new Set(versions.map(({ key, versionId }) => storedName(key, versionId)));
  for (const version of versions) {
    job.counts.listed++;
    const record = known.get(version.key);
    if (record === undefined) reportUnknown(job, version, 'UNKNOWN_OBJECT', unknownKeyText(job, version));
    else reportVersion(job, version, { ...record, isThere: stored.has(storedName(version.key, record.versionId)) });
  }
}

function storedName(key: string, versionId: string | null): string {
  return `${versionId} ${key}`;
}

interface ListedObject extends KnownObject {
  /** Whether the bucket has the version that is on record. */
  readonly isThere: boolean;
}

function reportVersion(job: ValidationJob, version: StoredVersion, record: ListedObject): void {
  const { versionId, retainUntil, legalHold, state, replacedVersions } = record;
  const subject = subjectOf(job, version);
  if (state === 'REPLACED') {
    reportReplaced(job, version, record);
    return;
  }
  // Its upload is under way, or was broken off: the next run finds which.
  if (versionId === null) return;
  if (state === 'EXPIRED') {
    const text = `${nameOf(version)} is left of what has expired`;
    job.findings.add('warning', 'LEFT_OVER', subject, text);
    return;
  }
  if (version.versionId === versionId) return;
  // Faulty, and on record as such: it is in nobody's way unless it is the one that is read.
  if (!version.isLatest && replacedVersions.includes(version.versionId)) return;
  if (!version.isDeleteMarker) {
    if (!version.isLatest) {
      reportUnknown(job, version, 'UNKNOWN_VERSION', 'we did not write this version');
      return;
    }
    const text = `${nameOf(version)} lies over ours, ${versionId}: whoever reads the key reads that; ${overwrittenAdvice(job, version, record)}`;
    job.findings.add('error', 'OVERWRITTEN', subject, text);
    return;
  }
  // The lifecycle hides what has expired before it deletes it; what is held stays under its marker, readable by version.
  if (retainUntil <= job.now) return;
  if (!version.isLatest) {
    reportUnknown(job, version, 'UNKNOWN_VERSION', 'somebody deleted the key before');
    return;
  }
  const hold = legalHold ? ', and it is under a legal hold' : '';
  const advice = record.isThere
    ? `is there still: remove the marker (${deleteCommand(job, version)})`
    : 'is not there any more either';
  const text = `a delete marker, ${version.versionId}, hides it since ${version.lastModified.toISOString()}${hold}; version ${versionId} is what proves it, and ${advice}`;
  job.findings.add('error', 'HIDDEN', subject, text);
}

/** The newer version may be the copy that a repair is to take: then it has to stay. */
function overwrittenAdvice(job: ValidationJob, version: StoredVersion, { kind, state, isThere }: ListedObject): string {
  if (isThere && (kind === 'manifest' || state === 'VERIFIED')) {
    return `ours is there still, and nothing is lost: delete the newer one (${deleteCommand(job, version)})`;
  }
  const keep = kind === 'part' ? ': keep the newer one until billvault archive unit repair has looked at it' : '';
  return `ours is ${isThere ? 'not proved' : 'not there any more'}${keep}`;
}

function deleteCommand({ store }: ValidationJob, { key, versionId }: StoredVersion): string {
  return `aws s3api delete-object --bucket ${store.bucket} --key ${key} --version-id ${versionId}`;
}

/** Nothing of ours may hide an object: that its rows would be read a second time is for a person to end. */
function reportReplaced(job: ValidationJob, version: StoredVersion, { replacedVersions }: KnownObject): void {
  if (version.isDeleteMarker || !version.isLatest) return;
  const isOurs = replacedVersions.includes(version.versionId);
  const text = `${nameOf(version)} was replaced by another part${isOurs ? '' : ', and is not the one that we wrote'}; a query over the folder reads it still: hide it (aws s3api delete-object --bucket ${job.store.bucket} --key ${version.key}), its version stays`;
  job.findings.add('warning', 'REPLACED', subjectOf(job, version), text);
}

/** A manifest that is not on record is the sign of a registry that is new, or was restored from a backup. */
function unknownKeyText({ context }: ValidationJob, { key, isDeleteMarker }: StoredVersion): string {
  const text = 'nothing in the registry has this key';
  const { destination } = context;
  const isInFolder = key.startsWith(manifestPrefix(keyBase(destination))) && key.endsWith('.json');
  const isManifest = isInFolder || flatManifests(destination.prefix).some((place) => place.isManifest(key));
  if (isDeleteMarker || !isManifest) return text;
  return `${text}, though it is called like a manifest: if the registry is empty or older than the archive, billvault archive recover (--dry-run first) takes over what signed manifests say`;
}

/** A query over the folder would read a parquet file that nobody knows; anything else is just in the way. */
function reportUnknown(
  job: ValidationJob,
  version: StoredVersion,
  code: 'UNKNOWN_OBJECT' | 'UNKNOWN_VERSION',
  why: string,
): void {
  const { counts, findings } = job;
  const sizeBytes = version.isDeleteMarker ? 0 : version.sizeBytes;
  counts.unknown++;
  counts.unknownBytes += sizeBytes;
  const isRead = version.isLatest && !version.isDeleteMarker && version.key.endsWith('.parquet');
  findings.add(
    isRead ? 'error' : 'warning',
    code,
    subjectOf(job, version),
    `${nameOf(version)}, ${countOf(sizeBytes, 'byte')}: ${why}`,
  );
}

function nameOf({ isDeleteMarker, versionId }: StoredVersion): string {
  return `${isDeleteMarker ? 'delete marker' : 'version'} ${versionId}`;
}

function subjectOf({ store }: ValidationJob, { key }: StoredVersion): string {
  return `s3://${store.bucket}/${key}`;
}
