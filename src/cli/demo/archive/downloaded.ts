import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArchiveContext } from '../../../archive/context.ts';
import { readObject } from '../../../aws/resumable-read.ts';

/** What "aws s3 sync" would bring: every current object under the archive's prefix. @returns how many */
export async function downloadArchive(archive: ArchiveContext, folder: string): Promise<number> {
  const { prefix } = archive.destination;
  await using store = archive.openStore('verifier');
  let objects = 0;
  for await (const version of store.listVersions({ prefix: `${prefix}/` })) {
    if (version.isDeleteMarker || !version.isLatest) continue;
    const { key, etag, sizeBytes, versionId } = version;
    const path = join(folder, key);
    mkdirSync(dirname(path), { recursive: true });
    await writeFile(path, readObject(store.readerOf(versionId), { key, etag, sizeBytes }));
    objects += 1;
  }
  return objects;
}
