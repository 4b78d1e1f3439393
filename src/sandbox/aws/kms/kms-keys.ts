import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Note } from '../change.ts';
import { partitionOf } from '../partition.ts';

/** An asymmetric key for signing, of the one kind that is known here: ECC_NIST_EDWARDS25519. */
export interface KmsKey {
  readonly keyId: string;
  readonly arn: string;
  readonly accountId: string;
  readonly createdMs: number;
  /** PKCS#8 DER in base64. */
  readonly privateKey: string;
}

export interface KeyOwner {
  readonly accountId: string;
  readonly region: string;
}

/** Keys of all accounts and regions. */
export class KmsKeys {
  readonly #note: Note;
  readonly #byArn = new Map<string, KmsKey>();

  constructor(note: Note) {
    this.#note = note;
  }

  create(owner: KeyOwner, createdMs: number): KmsKey {
    const { privateKey } = generateKeyPairSync('ed25519');
    const keyId = randomUUID();
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
    const arn = arnOf(owner, keyId);
    return this.add({ keyId, arn, accountId: owner.accountId, createdMs, privateKey: pkcs8 });
  }

  add(key: KmsKey): KmsKey {
    this.#note({ kind: 'kms-key', key });
    this.#byArn.set(key.arn, key);
    return key;
  }

  /**
   * @param name an ARN, or the id of a key of the caller's own account and region
   * @throws AwsError NotFoundException
   */
  find(name: string, caller: KeyOwner): KmsKey {
    const arn = name.startsWith('arn:') ? name : arnOf(caller, name);
    const key = this.#byArn.get(arn);
    if (key !== undefined) return key;
    throw new AwsError('NotFoundException', `there is no key ${arn}`);
  }

  values(): Iterable<KmsKey> {
    return this.#byArn.values();
  }
}

export function privateKeyOf(key: KmsKey): KeyObject {
  return createPrivateKey({ key: Buffer.from(key.privateKey, 'base64'), format: 'der', type: 'pkcs8' });
}

/** SPKI DER. */
export function publicKeyOf(key: KmsKey): Buffer {
  return createPublicKey(privateKeyOf(key)).export({ type: 'spki', format: 'der' });
}

function arnOf({ accountId, region }: KeyOwner, keyId: string): string {
  return `arn:${partitionOf(region).name}:kms:${region}:${accountId}:key/${keyId}`;
}
