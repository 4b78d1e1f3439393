import type { ArchiveStore, StoredVersion } from '../../aws/archive-store.ts';
import { byteSource } from '../../aws/byte-source.ts';
import { AppError } from '../../errors.ts';
import { maxManifestBytes } from './json-bounds.ts';
import { type ReadManifest, readManifest } from './read-manifest.ts';

type Stored = Extract<StoredVersion, { readonly isDeleteMarker: false }>;

/**
 * A version that may be a manifest; its signature is still to be verified.
 * @throws AppError MANIFEST_INVALID, FILE_MISSING, FILE_COLD, or transient
 */
export async function readStored(
  store: ArchiveStore,
  { key, versionId, etag, sizeBytes }: Pick<Stored, 'key' | 'versionId' | 'etag' | 'sizeBytes'>,
  signal: AbortSignal,
): Promise<ReadManifest & { readonly body: string }> {
  if (sizeBytes === 0) throw new AppError('MANIFEST_INVALID', 'it is empty');
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
