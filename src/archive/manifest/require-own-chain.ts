import { AppError } from '../../errors.ts';
import { manifestHead } from '../../registry/archive/manifest.ts';
import type { ArchiveContext } from '../context.ts';
import { publicKeys } from './public-keys.ts';
import { readManifest } from './read-manifest.ts';
import { verifySignature } from './signature.ts';

/**
 * That whoever goes on with a source's chain also trusts what it goes on from. With a key mistaken for another, every
 * manifest from there on would be locked for years beside ones that the same settings call invalid.
 * @throws AppError BAD_CONFIG when the chain's last manifest was signed by none of the configured keys, SIGNATURE_INVALID
 *   or MANIFEST_INVALID when the registry's copy of it was changed
 */
export async function requireOwnChain(
  { registry, signer, publicKeys: trusted }: Pick<ArchiveContext, 'registry' | 'signer' | 'publicKeys'>,
  source: string,
): Promise<void> {
  const head = await manifestHead(registry, source);
  if (head === undefined) return;
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
