import { byteSource } from '../../aws/byte-source.ts';
import { dropIntent, markPartSpooled, markPartStored } from '../../registry/archive/part-states.ts';
import type { PartRecord, WholeUnit } from '../../registry/archive/unit-record.ts';
import type { ArchiveContext } from '../context.ts';
import { ensureStored } from '../upload/ensure-stored.ts';
import type { UnitJob } from './unit-job.ts';

/**
 * After a crash: a part that was recorded and not seen stored either is in the bucket, byte for byte (then its version is
 * adopted), or waits in the spool, or never came to be (then the record is taken back, and its rows are exported again).
 */
export async function settleIntents(context: ArchiveContext, job: UnitJob, unit: WholeUnit): Promise<void> {
  for (const part of unit.parts.filter(({ state }) => state === 'INTENDED')) {
    const versionId = await findStored(job, part);
    if (versionId === undefined && (await context.spool?.list())?.some(({ sha256 }) => sha256 === part.sha256)) {
      await markPartSpooled(context.registry, part.id);
      continue;
    }
    if (versionId === undefined) {
      await dropIntent(context.registry, part);
      continue;
    }
    const { key, encryption, lockMode: mode, retainUntil } = part;
    const { encryptionRequired } = context.destination;
    const lock = { mode, retainUntil };
    await ensureStored(job.store, { key, versionId, encryption, encryptionRequired, lock, signal: job.signal });
    await markPartStored(context.registry, part.id, versionId);
  }
}

/** The version that holds exactly the part's bytes, where there is one: the newest. */
export async function findStored(
  { store, signal }: Pick<UnitJob, 'store' | 'signal'>,
  part: PartRecord,
): Promise<string | undefined> {
  for await (const version of store.listVersions({ prefix: part.key, signal })) {
    if (version.isDeleteMarker || version.key !== part.key || version.sizeBytes !== part.sizeBytes) continue;
    const { key, etag, sizeBytes, versionId } = version;
    const { sha256 } = await byteSource(store.readerOf(versionId), { key, etag, sizeBytes, signal }).finish();
    if (sha256 === part.sha256) return versionId;
  }
  return undefined;
}
