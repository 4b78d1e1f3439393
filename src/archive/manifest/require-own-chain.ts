import { AppError } from '../../errors.ts';
import { type ManifestRecord, manifestHead } from '../../registry/archive/manifest.ts';
import type { ArchiveContext } from '../context.ts';
import { manifestPrefixOf } from '../export/object-key.ts';
import { publicKeys } from './public-keys.ts';
import { readManifest } from './read-manifest.ts';
import { verifySignature } from './signature.ts';

type OwnChainContext = Pick<ArchiveContext, 'registry' | 'destination' | 'signer' | 'publicKeys'>;

/**
 * That whoever goes on with a source's chain also trusts what it goes on from. With a key mistaken for another, every
 * manifest from there on would be locked for years beside ones that the same settings call invalid.
 * The same for a bucket or a prefix: a chain in two places looks whole in neither.
 * @throws AppError BAD_CONFIG when the chain's last manifest was signed by none of the configured keys, or lies elsewhere;
 *   SIGNATURE_INVALID or MANIFEST_INVALID when the registry's copy of it was changed
 */
export async function requireOwnChain(
  { registry, destination, signer, publicKeys: trusted }: OwnChainContext,
  source: string,
): Promise<void> {
  const head = await manifestHead(registry, source);
  if (head === undefined) return;
  requirePlace(destination, head);
  const { manifest } = readManifest(Buffer.from(head.body));
  const keys = publicKeys([signer.publicKeyPem, ...trusted]);
  const { key_id: keyId } = manifest.signature;
  if (!keys.has(keyId)) {
    throw new AppError(
      'BAD_CONFIG',
      `the chain of source ${source} was signed by key ${keyId} (manifest ${head.sequence}), which is neither archive.signing.key (${signer.keyId}) nor in archive.signing.publicKeys: list the old public key there, or set the right key`,
    );
  }
  verifySignature(manifest, keys);
}

function requirePlace(
  { bucket, prefix, formerPrefixes = [] }: ArchiveContext['destination'],
  { source, sequence, bucket: headBucket, key }: ManifestRecord,
): void {
  const last = `the archive of source ${source} lies at s3://${headBucket}/${key} (manifest ${sequence})`;
  if (headBucket !== bucket) {
    throw new AppError(
      'BAD_CONFIG',
      `${last}, and archive.destination.bucket is ${bucket}: an archive does not move to another bucket. Set it back, or begin another archive there under another name of the source`,
    );
  }
  const headPrefix = manifestPrefixOf(key, source) ?? prefix;
  if (headPrefix === prefix || formerPrefixes.includes(headPrefix)) return;
  throw new AppError(
    'BAD_CONFIG',
    `${last}, and archive.destination.prefix is "${prefix}": set it back, or list "${headPrefix}" in archive.destination.formerPrefixes if the archive is to go on below the new one`,
  );
}
