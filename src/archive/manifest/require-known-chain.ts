import type { ArchiveStore, StoredVersion } from '../../aws/archive-store.ts';
import { AppError, isAppError } from '../../errors.ts';
import { findKnownObjects } from '../../registry/archive/known-object.ts';
import { usesLayout } from '../../registry/archive/uses-layout.ts';
import type { ArchiveContext } from '../context.ts';
import { flatManifests, hiveManifests, type ManifestPlace } from '../export/object-key.ts';
import { readStored } from './read-stored.ts';

export interface KnownChainRequest {
  readonly source: string;
  readonly store: ArchiveStore;
  readonly signal: AbortSignal;
}

/** Looked up together. */
const keysOfBatch = 1_000;

type Stored = Extract<StoredVersion, { readonly isDeleteMarker: false }>;

/** `isShared`: manifests of other sources lie there as well. */
interface Place extends ManifestPlace {
  readonly isShared: boolean;
}

/**
 * That the registry knows every manifest that the bucket has of a source. One that it does not know was written by another
 * registry, or by this one before it was set back to an older state: then rows that were purged since look like rows that
 * somebody else deleted, and would be left out of every restore. For a source of the layout `flat`, whose manifests lie among
 * its parts, all of those are listed; where no source has it, a policy that the registry has forgotten may have had it: then
 * what is there says of which source it is.
 * @throws AppError CHAIN_BROKEN naming the manifest; as the listing
 */
export async function requireKnownChain(context: ArchiveContext, request: KnownChainRequest): Promise<void> {
  const { source, store, signal } = request;
  // The bucket first: a manifest is on record before its upload, so what is uploaded meanwhile is known.
  for (const place of await placesOf(context, source)) {
    let versions: Stored[] = [];
    for await (const version of store.listVersions({ prefix: place.prefix, signal })) {
      if (version.isDeleteMarker || !place.isManifest(version.key)) continue;
      versions.push(version);
      if (versions.length < keysOfBatch) continue;
      await requireKnown(context, request, { place, versions });
      versions = [];
    }
    await requireKnown(context, request, { place, versions });
  }
}

async function placesOf({ registry, destination }: ArchiveContext, source: string): Promise<readonly Place[]> {
  const isFlat = await usesLayout(registry, { source, layout: 'flat' });
  const mayHaveBeen = isFlat || !(await usesLayout(registry, { layout: 'flat' }));
  return [destination.prefix, ...(destination.formerPrefixes ?? [])].flatMap((prefix) => [
    { ...hiveManifests(prefix, source), isShared: false },
    ...(mayHaveBeen ? flatManifests(prefix) : []).map((place) => ({ ...place, isShared: !isFlat })),
  ]);
}

/** The same, asked until it was answered once. */
export function knownChain(context: ArchiveContext, request: KnownChainRequest): () => Promise<void> {
  let isKnown = false;
  return async () => {
    if (isKnown) return;
    await requireKnownChain(context, request);
    isKnown = true;
  };
}

interface Found {
  readonly place: Place;
  readonly versions: readonly Stored[];
}

async function requireKnown(
  { registry }: ArchiveContext,
  request: KnownChainRequest,
  { place, versions }: Found,
): Promise<void> {
  if (versions.length === 0) return;
  const { source, store } = request;
  const { bucket } = store;
  const known = await findKnownObjects(registry, { bucket, keys: versions.map(({ key }) => key) });
  for (const version of versions) {
    const { key } = version;
    if (known.get(key)?.kind === 'manifest' || (place.isShared && !(await isOf(version, request)))) continue;
    throw new AppError(
      'CHAIN_BROKEN',
      `s3://${bucket}/${key} is a manifest of source ${source} that the registry does not know: was the registry restored from a backup, or does another one write there? What was purged since would be taken for deleted by others. Bring back the newer registry, or take over what the bucket has: billvault archive recover --source ${source}; if another registry writes there, give this one another archive.destination.prefix`,
    );
  }
}

/** Whether it is a manifest of the source, whoever signed it. */
async function isOf(version: Stored, { source, store, signal }: KnownChainRequest): Promise<boolean> {
  try {
    return (await readStored(store, version, signal)).manifest.source === source;
  } catch (error) {
    if (!isAppError(error, 'MANIFEST_INVALID', 'FILE_COLD', 'FILE_MISSING')) throw error;
    return false;
  }
}
