import type { ListedObject, ObjectReader } from '../../aws/object-store.ts';
import { readObject } from '../../aws/resumable-read.ts';
import { AppError } from '../../errors.ts';
import type { ListedManifest } from '../discover/listing-index.ts';
import { type Manifest, maxManifestBytes, parseManifest } from '../discover/manifest.ts';

/** One for each export, the one written last; exports by their manifests' age, newest first. */
export function newestManifests(manifests: readonly ListedManifest[]): readonly ListedManifest[] {
  const byExport = new Map<string, ListedManifest>();
  const newestFirst = manifests.toSorted((a, b) => b.object.lastModified.getTime() - a.object.lastModified.getTime());
  for (const manifest of newestFirst) {
    const { family, root, sourceName } = manifest.place;
    const name = JSON.stringify([family, root, sourceName]);
    if (!byExport.has(name)) byExport.set(name, manifest);
  }
  return [...byExport.values()];
}

/** @throws AppError MANIFEST_INVALID, or as readObject */
export async function readManifest(
  reader: ObjectReader,
  object: ListedObject,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const { key, sizeBytes } = object;
  if (sizeBytes > maxManifestBytes) {
    throw new AppError(
      'MANIFEST_INVALID',
      `manifest s3://${reader.bucket}/${key} has ${sizeBytes} bytes, more than ${maxManifestBytes}`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of readObject(reader, { ...object, signal })) chunks.push(chunk);
  return parseManifest(Buffer.concat(chunks), { bucket: reader.bucket, key });
}
