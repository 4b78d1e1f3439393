import pLimit from 'p-limit';
import { byteSource } from '../../aws/byte-source.ts';
import { AppError, isAppError, toAppError } from '../../errors.ts';
import { listProvedParts } from '../../registry/archive/archive-gaps.ts';
import { findKnownObjects } from '../../registry/archive/known-object.ts';
import { listManifestSources, type ManifestRecord, pageManifests } from '../../registry/archive/manifest.ts';
import { coversMonth } from '../holds/covers-month.ts';
import { type ChainLink, chainLink, checkChain } from '../manifest/chain.ts';
import { contradictionsOf } from '../manifest/contradictions.ts';
import type { Manifest, ManifestFile } from '../manifest/manifest.ts';
import { knownIdentities, partIdentity } from '../manifest/part-identity.ts';
import { type PublicKeys, publicKeys } from '../manifest/public-keys.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { isOfTheWay, lookAtObject } from './look-at-object.ts';
import { beforeGrace, type ValidationJob } from './validation-job.ts';

/** Manifests held at once, each of which may have some megabytes. */
const manifestsOfPage = 16;
const parallelLooks = 4;
/** Keys looked up at once. */
const keysOfBatch = 1_000;

/** The manifests of every selected source: in the bucket, signed, one chain, and of one mind with the registry. */
export async function validateManifests(job: ValidationJob): Promise<void> {
  const { registry, publicKeys: trusted } = job.context;
  const { source } = job.selection;
  const keys = publicKeys(trusted);
  for (const one of source === undefined ? await listManifestSources(registry) : [source]) {
    await validateSource(job, keys, one);
  }
}

async function validateSource(job: ValidationJob, keys: PublicKeys, source: string): Promise<void> {
  const { findings, context } = job;
  const links: ChainLink[] = [];
  const places = new Map<number, string>();
  let month: MonthReading | undefined;
  for (let after: ManifestRecord | undefined; ; ) {
    job.signal.throwIfAborted();
    const page = await pageManifests(context.registry, { source, after, limit: manifestsOfPage });
    const limit = pLimit(parallelLooks);
    await Promise.all(page.map((record) => limit(() => validateStored(job, record))));
    for (const record of page) {
      const manifest = parse(job, record, keys, links);
      places.set(record.sequence, subjectOf(record));
      if (manifest === undefined) continue;
      if (month?.month !== record.month) {
        if (month !== undefined) await validateMonth(job, month);
        month = { source, month: record.month, newest: record, manifest, known: new Set() };
      }
      month = takeOver(job, month, record, manifest);
    }
    after = page.at(-1);
    if (after === undefined || page.length < manifestsOfPage) break;
  }
  if (month !== undefined) await validateMonth(job, month);
  // Those that have expired are still in the registry, unless it was rebuilt from what was left.
  for (const { code, sequence, text } of checkChain(links, { now: job.now })) {
    findings.add('error', code, places.get(sequence) ?? source, text);
  }
}

/** One manifest's object; those of other months than the selected are left to the chain. */
async function validateStored(job: ValidationJob, record: ManifestRecord): Promise<void> {
  const { counts, findings } = job;
  const { from, to } = job.selection;
  if (record.state !== 'STORED') return;
  if ((from !== undefined && record.month < from) || (to !== undefined && record.month > to)) return;
  const subject = subjectOf(record);
  const isHeld = record.legalHold || job.holds.some((hold) => coversMonth(hold, record));
  const seen = await lookAtObject(job, { ...record, sizeBytes: Buffer.byteLength(record.body), isHeld });
  counts.manifests++;
  switch (seen.kind) {
    case 'expired':
      return;
    case 'missing':
      findings.add('error', 'MANIFEST_MISSING', subject, seen.text);
      return;
    case 'unchecked':
      findings.add('error', 'UNCHECKED', subject, seen.text);
      return;
    case 'seen':
      for (const { code, text } of seen.problems) findings.add('error', code, subject, text);
      for (const { code, text } of seen.warnings) findings.add('warning', code, subject, text);
      if (job.level !== 'head') await readBack(job, record, seen.head);
  }
}

async function readBack(
  { store, counts, findings, signal }: ValidationJob,
  record: ManifestRecord,
  {
    key,
    versionId,
    etag,
    sizeBytes,
  }: { readonly key: string; readonly versionId: string; readonly etag: string; readonly sizeBytes: number },
): Promise<void> {
  const source = byteSource(store.readerOf(versionId), { key, etag, sizeBytes, signal });
  try {
    const { sha256 } = await source.finish();
    if (sha256 === record.sha256) counts.manifestsRead++;
    else {
      const text = `its bytes have SHA-256 ${sha256}, on record is ${record.sha256}`;
      findings.add('error', 'PROOF_FAILED', subjectOf(record), text);
    }
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toAppError(error);
    const isCold = code === 'FILE_COLD';
    const text = isCold ? 'it is in a cold class: manifests must stay readable' : `${code}: ${message}`;
    findings.add('error', isOfTheWay(code) || isCold ? 'UNCHECKED' : 'MANIFEST_MISSING', subjectOf(record), text);
  } finally {
    await source.close();
  }
}

/** The registry's copy, whose digest the object was compared with. */
function parse(
  { findings }: ValidationJob,
  record: ManifestRecord,
  keys: PublicKeys,
  links: ChainLink[],
): Manifest | undefined {
  try {
    const read = readManifest(Buffer.from(record.body));
    if (read.sha256 !== record.sha256) {
      throw new AppError('MANIFEST_INVALID', `the registry's copy has SHA-256 ${read.sha256}, not ${record.sha256}`);
    }
    links.push(chainLink(read, keys, record.key));
    for (const text of contradictionsOf(read.manifest)) {
      findings.add('error', 'MANIFEST_INVALID', subjectOf(record), text);
    }
    return read.manifest;
  } catch (error) {
    if (!isAppError(error, 'MANIFEST_INVALID')) throw error;
    findings.add('error', 'MANIFEST_INVALID', subjectOf(record), error.message);
    return undefined;
  }
}

/** A month's manifests up to where they were read. */
interface MonthReading {
  readonly source: string;
  readonly month: string;
  readonly newest: ManifestRecord;
  readonly manifest: Manifest;
  /** Identities of the parts that the newest speaks of. */
  readonly known: ReadonlySet<string>;
}

/** The next manifest of the month: it speaks of all that the one before did. */
function takeOver(job: ValidationJob, before: MonthReading, newest: ManifestRecord, manifest: Manifest): MonthReading {
  const known = knownIdentities(manifest);
  for (const part of before.known) {
    if (known.has(part)) continue;
    job.findings.add(
      'error',
      'MANIFEST_INVALID',
      subjectOf(newest),
      `it no longer names ${part}, as the one before did`,
    );
  }
  return { ...before, newest, manifest, known };
}

/** The newest manifest of a month against the registry's parts, both ways. */
async function validateMonth(job: ValidationJob, { source, month, newest, manifest }: MonthReading): Promise<void> {
  const { findings, context, selection } = job;
  const { from, to } = selection;
  if ((from !== undefined && month < from) || (to !== undefined && month > to)) return;
  const { files } = manifest;
  for (let start = 0; start < files.length; start += keysOfBatch) {
    await validateFiles(job, newest, files.slice(start, start + keysOfBatch));
  }
  const named = new Set(files.map(partIdentity));
  const before = beforeGrace(job);
  for (const { key, versionId, sha256 } of await listProvedParts(context.registry, { source, month, before })) {
    if (named.has(partIdentity({ s3_key: key, version_id: versionId, sha256 }))) continue;
    const text = `the newest manifest of ${source} ${month}, ${newest.key}, does not name it`;
    findings.add('error', 'NOT_IN_MANIFEST', `s3://${newest.bucket}/${key}`, text);
  }
}

async function validateFiles(
  { findings, context }: ValidationJob,
  newest: ManifestRecord,
  files: readonly ManifestFile[],
): Promise<void> {
  const { bucket } = newest;
  const known = await findKnownObjects(context.registry, { bucket, keys: files.map(({ s3_key }) => s3_key) });
  for (const { s3_key: key, version_id, sha256 } of files) {
    const part = known.get(key);
    if (part?.kind === 'part' && part.versionId === version_id && part.sha256 === sha256) continue;
    const found = part === undefined ? 'it is not there' : `version ${part.versionId}, SHA-256 ${part.sha256} is there`;
    const text = `manifest ${newest.key} names version ${version_id}, SHA-256 ${sha256}; in the registry ${found}`;
    findings.add('error', 'NOT_IN_REGISTRY', `s3://${bucket}/${key}`, text);
  }
}

function subjectOf({ bucket, key }: ManifestRecord): string {
  return `s3://${bucket}/${key}`;
}
