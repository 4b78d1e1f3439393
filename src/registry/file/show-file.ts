import { AppError } from '../../errors.ts';
import { type AuditRecord, listAudit } from '../audit/list-audit.ts';
import type { DeliveryState } from '../generated/client.ts';
import { instantOrNull } from '../instant.ts';
import type { Registry } from '../registry.ts';
import { safeInteger, safeIntegerOrNull } from '../safe-integer.ts';
import { type FileSummary, fileSummary } from './list-files.ts';

/** Events of a file that its page shows; the rest is in the audit list. */
const maxEventsShown = 100;

/** Everything that the registry knows of one file. */
export interface FileDetail extends FileSummary {
  readonly bucket: string;
  readonly etag: string | null;
  readonly versionId: string | null;
  readonly lastModified: string | null;
  /** Position in the manifest's list, from 1. */
  readonly ordinal: number;
  /** Which load of this file is wanted; every reprocess adds one. */
  readonly generation: number;
  /** Bytes read from S3. */
  readonly bytesRead: number | null;
  /** Of the object as it was read. */
  readonly sha256: string | null;
  readonly leaseUntil: string | null;
  /** Not tried again before. */
  readonly notBefore: string | null;
  readonly exportId: number;
  readonly tableName: string;
  readonly deliveryState: DeliveryState;
  readonly events: readonly AuditRecord[];
}

/** @throws AppError NOT_FOUND */
export async function showFile(registry: Registry, id: number): Promise<FileDetail> {
  const include = { delivery: { include: { export: { include: { client: true } } } } } as const;
  const file = await registry.file.findUnique({ where: { id }, include });
  if (file === null) throw new AppError('NOT_FOUND', `there is no file ${id}`);
  const { export: home, state } = file.delivery;
  return {
    ...fileSummary(file),
    bucket: home.bucket,
    etag: file.etag,
    versionId: file.versionId,
    lastModified: instantOrNull(file.lastModified),
    ordinal: file.ordinal,
    generation: file.generation,
    bytesRead: safeIntegerOrNull(file.bytes),
    sha256: file.sha256,
    leaseUntil: instantOrNull(file.leaseUntil),
    notBefore: instantOrNull(file.notBefore),
    exportId: home.id,
    tableName: home.tableName,
    deliveryState: state,
    events: await listAudit(registry, { subject: `file/${safeInteger(file.id)}` }, { limit: maxEventsShown }),
  };
}
