import type { ArchiveStore } from '../../aws/archive-store.ts';
import { AppError } from '../../errors.ts';
import { findKnownObjects } from '../../registry/archive/known-object.ts';
import { usesLayout } from '../../registry/archive/uses-layout.ts';
import type { ArchiveContext } from '../context.ts';
import { flatManifests, hiveManifests, type ManifestPlace } from '../export/object-key.ts';

export interface KnownChainRequest {
  readonly source: string;
  readonly store: ArchiveStore;
  readonly signal: AbortSignal;
}

/** Looked up together. */
const keysOfBatch = 1_000;

/**
 * That the registry knows every manifest that the bucket has of a source. One that it does not know was written by another
 * registry, or by this one before it was set back to an older state: then rows that were purged since look like rows that
 * somebody else deleted, and would be left out of every restore. For a source of the layout `flat`, whose manifests lie among
 * its parts, all of those are listed.
 * @throws AppError CHAIN_BROKEN naming the manifest; as the listing
 */
export async function requireKnownChain(context: ArchiveContext, request: KnownChainRequest): Promise<void> {
  const { source, store, signal } = request;
  // The bucket first: a manifest is on record before its upload, so what is uploaded meanwhile is known.
  for (const { prefix, isManifest } of await placesOf(context, source)) {
    let keys: string[] = [];
    for await (const { key, isDeleteMarker } of store.listVersions({ prefix, signal })) {
      if (isDeleteMarker || !isManifest(key)) continue;
      keys.push(key);
      if (keys.length < keysOfBatch) continue;
      await requireKnown(context, request, keys);
      keys = [];
    }
    await requireKnown(context, request, keys);
  }
}

async function placesOf(
  { registry, destination: { prefix } }: ArchiveContext,
  source: string,
): Promise<readonly ManifestPlace[]> {
  const isFlat = await usesLayout(registry, { source, layout: 'flat' });
  return [hiveManifests(prefix, source), ...(isFlat ? flatManifests(prefix) : [])];
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

async function requireKnown(
  { registry }: ArchiveContext,
  { source, store: { bucket } }: KnownChainRequest,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  const known = await findKnownObjects(registry, { bucket, keys });
  const stranger = keys.find((key) => known.get(key)?.kind !== 'manifest');
  if (stranger === undefined) return;
  throw new AppError(
    'CHAIN_BROKEN',
    `s3://${bucket}/${stranger} is a manifest of source ${source} that the registry does not know: was the registry restored from a backup, or does another one write there? What was purged since would be taken for deleted by others. Bring back the newer registry, or take over what the bucket has: billvault archive recover --source ${source}; if another registry writes there, give this one another archive.destination.prefix`,
  );
}
