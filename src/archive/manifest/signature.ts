import { verify } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { canonicalSha256 } from './canonical-json.ts';
import type { Manifest } from './manifest.ts';
import type { PublicKeys } from './public-keys.ts';

/** Says what is signed: a signature made for anything else is none of a manifest's. */
const purpose = 'billvault-manifest-1:';

/** What a signature is of. Short, because AWS KMS signs no more than 4,096 bytes at once. */
export function signedMessage(content: Omit<Manifest, 'signature'>): Buffer {
  return Buffer.from(`${purpose}${canonicalSha256({ ...content, signature: undefined })}`, 'ascii');
}

/**
 * That one of the trusted keys signed exactly this manifest.
 * @throws AppError SIGNATURE_INVALID
 */
export function verifySignature(manifest: Manifest, keys: PublicKeys): void {
  const { key_id, value } = manifest.signature;
  const trusted = keys.get(key_id);
  const name = `manifest ${manifest.sequence} of ${manifest.source}`;
  if (trusted === undefined) {
    const known = [...keys.keys()].join(', ') || 'none';
    throw new AppError('SIGNATURE_INVALID', `${name} is signed with the unknown key ${key_id}; trusted: ${known}`);
  }
  const signature = Buffer.from(value, 'base64');
  // Some bits of the last letter are not decoded: they are no place to differ in.
  const isExact = signature.toString('base64') === value;
  if (isExact && verify(null, signedMessage(manifest), trusted.key, signature)) return;
  throw new AppError('SIGNATURE_INVALID', `${name} is not what key ${key_id} signed: it was changed`);
}
