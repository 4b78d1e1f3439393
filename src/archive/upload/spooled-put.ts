import { z } from 'zod';
import type { PutRequest } from '../../aws/archive-store.ts';
import { AppError } from '../../errors.ts';

const encryption = z.discriminatedUnion('algorithm', [
  z.object({ algorithm: z.literal('AES256') }),
  z.object({ algorithm: z.literal('aws:kms'), keyId: z.string() }),
]);

const shape = z.object({
  key: z.string(),
  sizeBytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  contentType: z.string(),
  metadata: z.record(z.string(), z.string()),
  storageClass: z.string(),
  lock: z.object({ mode: z.enum(['GOVERNANCE', 'COMPLIANCE']), retainUntil: z.iso.datetime().pipe(z.coerce.date()) }),
  encryption,
});

/** A put that waits, without its bytes. */
export type SpooledPut = Omit<PutRequest, 'chunks' | 'signal'>;

export function formatSpooledPut(request: SpooledPut): string {
  const { key, sizeBytes, sha256, contentType, metadata, storageClass, lock } = request;
  const named = { key, sizeBytes, sha256, contentType, metadata, storageClass, lock, encryption: request.encryption };
  return `${JSON.stringify(named, undefined, 2)}\n`;
}

/** @throws AppError PROOF_FAILED for a file that was changed by others */
export function parseSpooledPut(text: string, path: string): SpooledPut {
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('PROOF_FAILED', `${path} is no put that waits in the spool`, { cause });
  }
}
