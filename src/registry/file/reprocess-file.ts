import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import type { PrismaClient } from '../generated/client.ts';

/** The object as it is in the bucket now. */
export interface CurrentObject {
  readonly etag: string;
  readonly versionId: string | null;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

export interface ReprocessRequest {
  readonly fileId: number;
  readonly object: CurrentObject;
  readonly actor: string;
}

/**
 * FAILED or INGESTED → NEW, at the ETag that the object has now (it may have been repaired in place).
 * @throws AppError NOT_FOUND, ILLEGAL_STATE when the file is waiting already or its delivery is gone
 */
export async function reprocessFile(
  registry: PrismaClient,
  { fileId, object, actor }: ReprocessRequest,
): Promise<void> {
  await registry.$transaction(async (tx) => {
    const rows = await tx.$queryRaw<{ before: string; code: string | null; etag: string | null }[]>`
      with before as (
        select f.id, f.status::text as status, f.error_code, f.etag
          from registry.file f
          join registry.delivery d on d.id = f.delivery_id
         where f.id = ${fileId} and f.status in ('FAILED', 'INGESTED') and d.state <> 'DROPPED'
         for update of f
      )
      update registry.file f
         set status = 'NEW', generation = f.generation + 1, attempts = 0, not_before = null,
             error_code = null, error_text = null, ingested_at = null,
             etag = ${object.etag}, version_id = ${object.versionId}, size_bytes = ${object.sizeBytes},
             last_modified = ${object.lastModified}
        from before where f.id = before.id
      returning before.status as before, before.error_code as code, before.etag`;
    const row = rows[0];
    if (row === undefined) throw await whyNot(tx, fileId);
    const detail = { before: row.before, errorCode: row.code, etagBefore: row.etag, etag: object.etag };
    await recordAudit(tx, { actor, action: 'file.reprocessed', subject: `file/${fileId}`, detail });
  });
}

async function whyNot(registry: Pick<PrismaClient, 'file'>, fileId: number): Promise<AppError> {
  const file = await registry.file.findUnique({ where: { id: fileId }, include: { delivery: true } });
  if (file === null) return new AppError('NOT_FOUND', `there is no file ${fileId}`);
  if (file.delivery.state === 'DROPPED') {
    return new AppError('ILLEGAL_STATE', `file ${fileId}: its delivery ${file.deliveryId} was dropped`);
  }
  return new AppError('ILLEGAL_STATE', `file ${fileId} is ${file.status} already: a worker will take it`);
}
