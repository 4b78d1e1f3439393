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
/** An Ed25519 key in PEM has 113 characters. */
const maxTextLength = 100_000;

const pemBlock = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
const keyIdDigits = 16;

/**
 * Every key of these texts, each of which is PEM (one key or several one after the other; line breaks may be written
 * `\\n`) or the base64 of one key's DER.
 * @throws AppError BAD_CONFIG for a text without a key, or with one that is not Ed25519
 */
export function publicKeys(texts: readonly string[]): PublicKeys {
  const found = texts.flatMap(keysIn);
  if (found.length > maxPublicKeys) throw new AppError('BAD_CONFIG', `more than ${maxPublicKeys} public keys`);
  return new Map(found.map((key) => [key.keyId, key]));
}

function keysIn(text: string): readonly PublicKey[] {
  if (text.length > maxTextLength) throw unreadable();
  const lines = text.replaceAll('\\n', '\n').trim();
  return lines.startsWith('-----') || lines.includes('BEGIN PUBLIC KEY')
    ? (lines.match(pemBlock) ?? ['']).map(publicKeyFrom)
    : [publicKeyFrom(`-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`)];
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
    throw unreadable(cause);
  }
}

function unreadable(cause?: unknown): AppError {
  const what = 'a public key cannot be read: it must be an Ed25519 key (SPKI), as PEM or base64 of its DER';
  return new AppError('BAD_CONFIG', what, { cause });
}
