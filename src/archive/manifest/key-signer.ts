import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { publicKeyFrom } from './public-keys.ts';
import type { Signer } from './signer.ts';

/**
 * Signs with a private key that this process holds.
 * @param text PKCS#8, as PEM or as the base64 of its DER; line breaks may be written `\n`, as environments do
 * @throws AppError BAD_CONFIG, which never shows any of the text
 */
export function openKeySigner(text: string): Signer {
  const privateKey = parsePrivateKey(text);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new AppError(
      'BAD_CONFIG',
      `the signing key is of the kind ${privateKey.asymmetricKeyType}; Ed25519 is needed (openssl genpkey -algorithm ed25519)`,
    );
  }
  const { keyId, pem } = publicKeyFrom(privateKey);
  return { keyId, publicKeyPem: pem, sign: async (message) => sign(null, message, privateKey) };
}

export interface SigningKey {
  /** PKCS#8: secret. */
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
  readonly keyId: string;
}

export function generateSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { keyId, pem } = publicKeyFrom(privateKey);
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: pem,
    keyId,
  };
}

function parsePrivateKey(text: string): KeyObject {
  const lines = text.replaceAll('\\n', '\n').trim();
  if (lines === '') throw new AppError('BAD_CONFIG', 'the signing key is empty');
  if (lines.includes('BEGIN ENCRYPTED')) {
    throw new AppError('BAD_CONFIG', 'the signing key is encrypted: give it without a passphrase (openssl pkcs8)');
  }
  if (lines.includes('BEGIN PUBLIC KEY')) {
    throw new AppError('BAD_CONFIG', 'the signing key is a public key: the private one is needed');
  }
  try {
    if (lines.startsWith('-----')) return createPrivateKey(lines);
    return createPrivateKey({ key: Buffer.from(lines, 'base64'), format: 'der', type: 'pkcs8' });
  } catch {
    // Without its cause: whatever the parser quotes would be of the key.
    throw new AppError(
      'BAD_CONFIG',
      'archive.signing.key (BILLVAULT_ARCHIVE_SIGNING_KEY) cannot be read: it must be the key itself, not the name of its file, in PKCS#8, as PEM or base64 of its DER',
    );
  }
}
