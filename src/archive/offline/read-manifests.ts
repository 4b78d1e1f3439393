import { AppError, isAppError } from '../../errors.ts';
import { type ChainLink, chainLink } from '../manifest/chain.ts';
import { maxManifestBytes } from '../manifest/json-bounds.ts';
import type { PublicKeys } from '../manifest/public-keys.ts';
import { type ReadManifest, readManifest } from '../manifest/read-manifest.ts';
import { checkCancelled } from './check-cancelled.ts';
import type { Findings } from './finding.ts';
import { LocalFile } from './local-file.ts';

/** A manifest in the folder, without its content: those of ten years are too much to hold. */
export interface FoundManifest {
  readonly path: string;
  readonly link: ChainLink;
  /** Some keys that it names, to find out where the folder lies in the bucket. */
  readonly keys: readonly string[];
}

const manifestName = /(?:^|\/)manifest(?:-\d{1,12})?\.json$/;
/** A hundred sources write one a month and one a purge: 24,000 in ten years. */
const maxManifests = 200_000;
/** Keys of one manifest lie together. */
const keysOfEach = 5;

export interface ReadManifestsOptions {
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  readonly keys: PublicKeys;
  readonly findings: Findings;
  readonly signal?: AbortSignal | undefined;
}

/** Every manifest of the folder; one that cannot be read is a finding. */
export async function readManifests(options: ReadManifestsOptions): Promise<readonly FoundManifest[]> {
  const { folder, files, keys, findings, signal } = options;
  const found: FoundManifest[] = [];
  for (const path of [...files].filter(isManifestName).sort()) {
    checkCancelled(signal);
    if (found.length === maxManifests)
      throw new AppError('BAD_INPUT', `${folder} has more than ${maxManifests} manifests`);
    try {
      const read = await readManifestFile(folder, path);
      const { files: parts, previous } = read.manifest;
      const named = [
        ...parts.slice(0, keysOfEach).map(({ s3_key }) => s3_key),
        ...(previous === null ? [] : [previous.key]),
      ];
      found.push({ path, link: chainLink(read, keys), keys: named });
    } catch (error) {
      if (!isAppError(error, 'MANIFEST_INVALID', 'PROOF_FAILED')) throw error;
      findings.add('MANIFEST_INVALID', path, error.message);
    }
  }
  return found;
}

/** @throws AppError MANIFEST_INVALID, PROOF_FAILED when the file cannot be read */
export async function readManifestFile(folder: string, path: string): Promise<ReadManifest> {
  await using file = await LocalFile.open(folder, path);
  if (file.sizeBytes > maxManifestBytes) {
    throw new AppError(
      'MANIFEST_INVALID',
      `it has ${file.sizeBytes} bytes, more than a manifest's ${maxManifestBytes}`,
    );
  }
  return readManifest(await file.read(0, file.sizeBytes));
}

export function isManifestName(path: string): boolean {
  return manifestName.test(path);
}
