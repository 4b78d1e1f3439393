import type { ArchiveStore, PutRequest } from '../../aws/archive-store.ts';
import { byteSource } from '../../aws/byte-source.ts';
import { AppError } from '../../errors.ts';
import { ensureStored, type WantedStorage } from './ensure-stored.ts';

/** `encryptionRequired`: as in `WantedStorage`. */
export type StoreRequest = PutRequest & Pick<WantedStorage, 'encryptionRequired'>;

export interface StoredPart {
  readonly versionId: string;
  readonly etag: string;
  /** It was there before, byte for byte: an earlier attempt whose answer was lost. */
  readonly adopted: boolean;
}

/**
 * Puts an object where nothing is, or adopts the one that is there if it has the same bytes; either way it is locked and
 * encrypted as wanted when this returns, encryption only if it is required.
 * @throws AppError OBJECT_EXISTS naming both digests; LOCK_MISSING, ENCRYPTION_MISSING; and as `ArchiveStore.put`
 */
export async function storeObject(store: ArchiveStore, request: StoreRequest): Promise<StoredPart> {
  const { outcome, versionId } = await store.put(request);
  const adopted = outcome === 'exists';
  if (adopted) await requireSameBytes(store, request, versionId);
  const { etag } = await ensureStored(store, { ...request, versionId });
  return { versionId, etag, adopted };
}

/** Size and metadata only save the reading: what proves it is the SHA-256 of the bytes. */
async function requireSameBytes(store: ArchiveStore, request: PutRequest, versionId: string): Promise<void> {
  const { key, sizeBytes, sha256, signal } = request;
  const there = await store.head(key, versionId, signal ? { signal } : {});
  if (there.sizeBytes !== sizeBytes || (there.sha256 !== undefined && there.sha256 !== sha256)) {
    throw objectExists(
      store,
      request,
      `${there.sizeBytes} bytes and, as it says, SHA-256 ${there.sha256 ?? 'unknown'}`,
    );
  }
  const source = byteSource(store.readerOf(versionId), { key, etag: there.etag, sizeBytes, signal });
  const found = await source.finish();
  if (found.sha256 !== sha256) throw objectExists(store, request, `${found.bytes} bytes and SHA-256 ${found.sha256}`);
}

function objectExists({ bucket }: ArchiveStore, { key, sizeBytes, sha256 }: PutRequest, found: string): AppError {
  return new AppError(
    'OBJECT_EXISTS',
    `s3://${bucket}/${key} is there already with ${found}; ours has ${sizeBytes} bytes and SHA-256 ${sha256}`,
  );
}
