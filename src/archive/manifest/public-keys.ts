import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { AppError } from '../../errors.ts';

export interface PublicKey {
  readonly keyId: string;
  /** SPKI. */
  readonly pem: string;
  readonly key: KeyObject;
}

/** Keys that are trusted, by their id: the present one and those before it. */
export type PublicKeys = ReadonlyMap<string, PublicKey>;

/** Keys change every few years; a file with more is no file of keys. */
const maxPublicKeys = 100;
/** An Ed25519 key in PEM has 113 bytes. */
const maxPemLength = 100_000;

const pemBlock = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
const keyIdDigits = 16;

/**
 * Every key of these texts, each of which is PEM (one key or several one after the other).
 * @throws AppError BAD_CONFIG for a text without a key, or with one that is not Ed25519
 */
export function publicKeys(pems: readonly string[]): PublicKeys {
  const keys = new Map<string, PublicKey>();
  for (const pem of pems) {
    const blocks = pem.length > maxPemLength ? [] : (pem.match(pemBlock) ?? []);
    if (blocks.length === 0) throw new AppError('BAD_CONFIG', 'a public key is not PEM (-----BEGIN PUBLIC KEY-----)');
    for (const block of blocks) {
      const key = publicKeyFrom(block);
      keys.set(key.keyId, key);
    }
    if (keys.size > maxPublicKeys) throw new AppError('BAD_CONFIG', `more than ${maxPublicKeys} public keys`);
  }
  return keys;
}

/** @param source PEM, or a key of either kind @throws AppError BAD_CONFIG */
export function publicKeyFrom(source: string | KeyObject): PublicKey {
  const key = parse(source);
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new AppError('BAD_CONFIG', `the public key is of the kind ${key.asymmetricKeyType}; Ed25519 is needed`);
  }
  const keyId = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return {
    keyId: keyId.slice(0, keyIdDigits),
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    key,
  };
}

function parse(source: string | KeyObject): KeyObject {
  try {
    // createPublicKey takes a private key as well, and gives its public half.
    if (typeof source === 'string' && source.includes('PRIVATE KEY')) throw new Error('a private key was given');
    return typeof source === 'object' && source.type === 'public' ? source : createPublicKey(source);
  } catch (cause) {
    throw new AppError('BAD_CONFIG', 'a public key cannot be read: it must be PEM of an Ed25519 key (SPKI)', { cause });
  }
}
