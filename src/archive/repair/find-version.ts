import type { ArchiveStore, StoredVersion } from '../../aws/archive-store.ts';
import { byteSource } from '../../aws/byte-source.ts';
import { isAppError } from '../../errors.ts';
import type { PartRecord } from '../../registry/archive/unit-record.ts';
import { isEncryptedAs } from '../upload/ensure-stored.ts';
import { canBeLocked } from './find-fault.ts';

export interface FindVersionRequest {
  /** With the verifier's rights. */
  readonly store: ArchiveStore;
  readonly part: PartRecord;
  readonly encryptionRequired: boolean;
  readonly signal: AbortSignal;
}

export interface OtherVersions {
  /** With the bytes on record, encrypted as it is to be, and to be locked as it is to be; the newest of them. */
  readonly versionId: string | undefined;
  /** How many others of the part's size there are, and what keeps any of them from being taken. */
  readonly others: number;
  readonly obstacles: readonly string[];
}

/** Each is read whole; more versions of the same size than these are no accident, and are for a person to look at. */
const maxVersionsRead = 20;

/** Looks through the versions of a part's key, older and newer, for one whose SHA-256 is the part's. */
export async function findVersion(request: FindVersionRequest): Promise<OtherVersions> {
  const { store, part, signal } = request;
  const obstacles: string[] = [];
  let others = 0;
  for await (const version of store.listVersions({ prefix: part.key, signal })) {
    if (version.key !== part.key || version.isDeleteMarker || version.versionId === part.versionId) continue;
    if (version.sizeBytes !== part.sizeBytes) continue;
    others++;
    if (others > maxVersionsRead) {
      obstacles.push(`only ${maxVersionsRead} of its versions were read`);
      break;
    }
    const obstacle = await obstacleOf(request, version);
    if (obstacle === undefined) return { versionId: version.versionId, others, obstacles };
    if (obstacle !== 'other bytes') obstacles.push(`version ${version.versionId} ${obstacle}`);
  }
  return { versionId: undefined, others, obstacles };
}

async function obstacleOf(
  { store, part, encryptionRequired, signal }: FindVersionRequest,
  { key, versionId, etag, sizeBytes }: Extract<StoredVersion, { readonly isDeleteMarker: false }>,
): Promise<string | undefined> {
  const source = byteSource(store.readerOf(versionId), { key, etag, sizeBytes, signal });
  try {
    if ((await source.finish()).sha256 !== part.sha256) return 'other bytes';
  } catch (error) {
    if (isAppError(error, 'FILE_COLD')) return 'may be the one, and lies in a cold class: ask S3 for a readable copy';
    if (isAppError(error, 'FILE_MISSING')) return 'other bytes';
    throw error;
  } finally {
    await source.close();
  }
  const { encryption } = await store.head(key, versionId, { signal });
  if (encryptionRequired && !isEncryptedAs(encryption, part.encryption)) return 'has its bytes, not encrypted as asked';
  const isLockable = await canBeLocked(store, { key, versionId, wanted: part.lockMode, signal });
  return isLockable ? undefined : 'has its bytes under a GOVERNANCE lock, which cannot become COMPLIANCE';
}
