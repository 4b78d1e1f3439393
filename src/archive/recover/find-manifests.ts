import pLimit from 'p-limit';
import type { ArchiveStore, StoredVersion } from '../../aws/archive-store.ts';
import { byteSource } from '../../aws/byte-source.ts';
import { AppError, isAppError } from '../../errors.ts';
import type { ArchiveContext } from '../context.ts';
import { manifestKey } from '../export/object-key.ts';
import { type ChainLink, chainLink } from '../manifest/chain.ts';
import { maxManifestBytes } from '../manifest/json-bounds.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { publicKeys } from '../manifest/public-keys.ts';
import { type ReadManifest, readManifest } from '../manifest/read-manifest.ts';

/** A manifest in the bucket that a trusted key signed and that lies where it belongs; its content is read again when needed. */
export interface StoredManifest extends Omit<ChainLink, 'key'> {
  readonly key: string;
  readonly versionId: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** An object that is called like a manifest and is none that can be trusted. */
export interface IgnoredObject {
  readonly key: string;
  readonly versionId: string;
  readonly text: string;
}

export interface FoundManifests {
  /** In no order; of each, the version that was stored first. */
  readonly manifests: readonly StoredManifest[];
  readonly ignored: readonly IgnoredObject[];
}

const manifestName = /(?:^|\/)manifest(?:-\d{1,12})?\.json$/;
/** A hundred sources write some two a month: 24,000 in ten years. */
const maxVersions = 200_000;
/** Read at once; each may have some megabytes. */
const parallelReads = 4;
/** Versions held until they are read. */
const versionsOfBatch = 1_000;

/**
 * Every manifest below the archive's prefix, in any version that is there: what was put over one, or hides it, changes
 * nothing. Whoever may write into the bucket may put anything there, so what is not signed is passed over and named.
 * @throws AppError LIST_DENIED, BUCKET_NOT_FOUND, GET_DENIED, or transient
 */
export async function findManifests(
  context: ArchiveContext,
  { store, signal }: { readonly store: ArchiveStore; readonly signal: AbortSignal },
): Promise<FoundManifests> {
  const { prefix } = context.destination;
  const keys = publicKeys([context.signer.publicKeyPem, ...context.publicKeys]);
  const found = new Map<string, StoredManifest & { readonly age: number }>();
  const ignored: IgnoredObject[] = [];
  let count = 0;
  const look = async (version: StoredVersion, age: number) => {
    if (version.isDeleteMarker) return;
    const { key, versionId, etag, sizeBytes } = version;
    try {
      const read = await readStored(store, version, signal);
      const link = chainLink(read, keys, key);
      requireTrusted(link, read.manifest, { key, prefix });
      const identity = JSON.stringify([link.source, link.sequence, link.sha256]);
      // Versions come newest first: what was stored first stands, a copy that was put over it does not.
      if ((found.get(identity)?.age ?? -1) < age)
        found.set(identity, { ...link, key, versionId, etag, sizeBytes, age });
    } catch (error) {
      if (!isAppError(error, 'MANIFEST_INVALID', 'SIGNATURE_INVALID', 'FILE_COLD', 'FILE_MISSING')) throw error;
      ignored.push({ key, versionId, text: error.message });
    }
  };
  let batch: StoredVersion[] = [];
  for await (const version of store.listVersions({ prefix: prefix === '' ? '' : `${prefix}/`, signal })) {
    if (!manifestName.test(version.key)) continue;
    if (++count > maxVersions) {
      throw new AppError('BAD_INPUT', `s3://${store.bucket}/${prefix} has more than ${maxVersions} manifests`);
    }
    batch.push(version);
    if (batch.length < versionsOfBatch) continue;
    await lookAtAll(batch, count, look);
    batch = [];
  }
  await lookAtAll(batch, count, look);
  return { manifests: [...found.values()], ignored };
}

/** @param count how many there were with these */
async function lookAtAll(
  versions: readonly StoredVersion[],
  count: number,
  look: (version: StoredVersion, age: number) => Promise<void>,
): Promise<void> {
  const limit = pLimit(parallelReads);
  const before = count - versions.length;
  await Promise.all(versions.map((version, i) => limit(() => look(version, before + i))));
}

/** @throws AppError MANIFEST_INVALID, FILE_MISSING, FILE_COLD, or transient */
export async function readStored(
  store: ArchiveStore,
  { key, versionId, etag, sizeBytes }: Pick<StoredManifest, 'key' | 'versionId' | 'etag' | 'sizeBytes'>,
  signal: AbortSignal,
): Promise<ReadManifest & { readonly body: string }> {
  if (sizeBytes > maxManifestBytes) {
    throw new AppError('MANIFEST_INVALID', `it has ${sizeBytes} bytes, more than a manifest's ${maxManifestBytes}`);
  }
  const source = byteSource(store.readerOf(versionId), { key, etag, sizeBytes, signal });
  try {
    const bytes = await source.read(0, sizeBytes);
    return { ...readManifest(bytes), body: Buffer.from(bytes).toString('utf8') };
  } finally {
    await source.close();
  }
}

/** A copy of a manifest under another name, or of another archive, is no manifest of this one. */
function requireTrusted(
  { source, sequence, period, signatureProblem }: ChainLink,
  { previous }: Manifest,
  { key, prefix }: { readonly key: string; readonly prefix: string },
): void {
  if (signatureProblem !== undefined) throw new AppError('SIGNATURE_INVALID', signatureProblem);
  const place = { prefix, source, month: period, sequence };
  const places = [
    manifestKey({ ...place, layout: 'hive', isFirst: previous === null }),
    manifestKey({ ...place, layout: 'flat', isFirst: true }),
    manifestKey({ ...place, layout: 'flat', isFirst: false }),
  ];
  if (places.includes(key)) return;
  throw new AppError(
    'MANIFEST_INVALID',
    `it is manifest ${sequence} of ${source} ${period}, which lies at ${places[0]}`,
  );
}
