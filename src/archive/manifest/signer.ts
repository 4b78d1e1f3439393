import { publicKeyFrom } from './public-keys.ts';

/** Makes Ed25519 signatures; where the private key lies is its own affair. */
export interface Signer {
  /** SHA-256 of the public key's SPKI DER, the first 16 hex digits. */
  readonly keyId: string;
  readonly publicKeyPem: string;
  /** @param message at most 4,096 bytes: more AWS KMS does not sign */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * A signer of a key that is kept elsewhere.
 * @throws AppError BAD_CONFIG when the public key is no Ed25519 key
 */
export function signerOf(key: Pick<Signer, 'publicKeyPem' | 'sign'>): Signer {
  const { keyId, pem } = publicKeyFrom(key.publicKeyPem);
  return { keyId, publicKeyPem: pem, sign: (message) => key.sign(message) };
}
