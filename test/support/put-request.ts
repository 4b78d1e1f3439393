import { createHash } from 'node:crypto';
import type { PutRequest } from '../../src/aws/archive-store.ts';

const dayMs = 86_400_000;

/** A whole second, as a lock's end is kept. */
export function inDays(days: number): Date {
  return new Date(Math.ceil((Date.now() + days * dayMs) / 1_000) * 1_000);
}

/** A put of these bytes under the archive's usual conditions: locked for a day, so that nothing of a test is for ever. */
export function putRequest(
  key: string,
  bytes: Uint8Array | string | readonly Uint8Array[],
  more: Partial<PutRequest> = {},
): PutRequest {
  const chunks = chunksOf(bytes);
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return {
    key,
    chunks,
    sizeBytes: chunks.reduce((sum, { length }) => sum + length, 0),
    sha256: hash.digest('hex'),
    contentType: 'application/vnd.apache.parquet',
    metadata: { table: 'public.ledger' },
    storageClass: 'STANDARD',
    lock: { mode: 'GOVERNANCE', retainUntil: inDays(1) },
    encryption: { algorithm: 'AES256' },
    ...more,
  };
}

function chunksOf(bytes: Uint8Array | string | readonly Uint8Array[]): readonly Uint8Array[] {
  if (typeof bytes === 'string') return [Buffer.from(bytes)];
  return bytes instanceof Uint8Array ? [bytes] : bytes;
}
