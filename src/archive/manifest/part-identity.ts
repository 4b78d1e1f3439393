import type { Manifest, ManifestFile } from './manifest.ts';

/** One version of one object, with its content. */
export function partIdentity({
  s3_key,
  version_id,
  sha256,
}: Pick<ManifestFile, 's3_key' | 'sha256'> & { readonly version_id: string | null }): string {
  return `${s3_key} (version ${version_id}, SHA-256 ${sha256})`;
}

/** All that a manifest speaks of, the parts that count and those that were replaced: a later one of the month does as well. */
export function knownIdentities({ files, replaced = [] }: Pick<Manifest, 'files' | 'replaced'>): ReadonlySet<string> {
  return new Set([...files, ...replaced].map(partIdentity));
}
