import type { ObjectReader } from '../../aws/object-store.ts';
import { readObject } from '../../aws/resumable-read.ts';
import { AppError, type ErrorCode } from '../../errors.ts';
import type { ListedManifest } from './listing-index.ts';
import { maxManifestBytes, parseManifest } from './manifest.ts';
import type { ReadManifest } from './plan.ts';

/** Manifests are small: a few at a time hide the round trips of a first discovery over years of months. */
const parallelReads = 8;

/** Of one discovery together, as far as they are held at the same time: 300 of a real size for each of 36 months. */
const maxManifestsBytes = 128 * 1024 * 1024;

/** What may be wrong with one manifest's object; it says nothing about the others. */
const ownCodes: ReadonlySet<ErrorCode> = new Set(['MANIFEST_INVALID', 'FILE_COLD', 'FILE_MISSING', 'FILE_CHANGED']);

/**
 * Fetches and parses manifests. What one of them says, or why it can't be understood, is its own outcome; only what
 * concerns the access to all of them is thrown.
 */
export async function readManifests(
  reader: ObjectReader,
  manifests: readonly ListedManifest[],
  signal?: AbortSignal,
): Promise<readonly ReadManifest[]> {
  const results: ReadManifest[] = new Array(manifests.length);
  let next = 0;
  let claimedBytes = 0;
  const work = async () => {
    for (let index = next++; index < manifests.length; index = next++) {
      const listed = manifests[index];
      if (listed === undefined) continue;
      claimedBytes += listed.object.sizeBytes <= maxManifestBytes ? listed.object.sizeBytes : 0;
      results[index] = claimedBytes > maxManifestsBytes ? leftOut(listed) : await readManifest(reader, listed, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelReads, manifests.length) }, work));
  return results;
}

/** Known ones are not read again, so that the next discovery has room for these. */
function leftOut(listed: ListedManifest): ReadManifest {
  const text = `manifest ${listed.object.key} is left for the next discovery: those before it have over ${maxManifestsBytes} bytes`;
  return { listed, outcome: new AppError('MANIFEST_INVALID', text) };
}

async function readManifest(reader: ObjectReader, listed: ListedManifest, signal?: AbortSignal): Promise<ReadManifest> {
  const { key, etag, sizeBytes } = listed.object;
  try {
    if (sizeBytes > maxManifestBytes) {
      throw new AppError(
        'MANIFEST_INVALID',
        `manifest ${key} has ${sizeBytes} bytes; at most ${maxManifestBytes} are read`,
      );
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of readObject(reader, { key, etag, sizeBytes, signal })) chunks.push(chunk);
    return { listed, outcome: parseManifest(Buffer.concat(chunks), { bucket: reader.bucket, key }) };
  } catch (error) {
    if (error instanceof AppError && ownCodes.has(error.code)) return { listed, outcome: error };
    throw error;
  }
}
