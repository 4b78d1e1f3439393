import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { AppError } from '../errors.ts';
import { makeKmsClient } from './clients.ts';
import { type AwsConfig, awsDefaults } from './config.ts';
import { mapAwsError } from './map-error.ts';

export interface KmsKeyOptions {
  /** Id, ARN or alias (`alias/…`) of an asymmetric key: ECC_NIST_EDWARDS25519, for signing. */
  readonly keyId: string;
  readonly region: string;
  /** Only for a KMS that is not AWS's. */
  readonly endpoint?: string | undefined;
  readonly config?: Partial<AwsConfig> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A key whose private half never leaves KMS. */
export interface KmsKey {
  readonly publicKeyPem: string;
  /** @param message at most 4,096 bytes @throws AppError as openKmsKey; SIGNATURE_INVALID */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const keySpec = 'ECC_NIST_EDWARDS25519';
const algorithm = 'ED25519_SHA_512';
/** Of KMS, for messages that it is to hash itself; Ed25519 knows no other. */
const maxMessageBytes = 4_096;

/**
 * Reads the key's public half. Signs by the key that it found then, whatever an alias comes to name meanwhile, and checks
 * every signature before it is handed on.
 * @throws AppError BAD_CONFIG for a key of another kind, KMS_DENIED, CREDENTIALS, CANCELLED, or transient
 */
export async function openKmsKey({ keyId, region, endpoint, config, signal }: KmsKeyOptions): Promise<KmsKey> {
  const client = makeKmsClient({ ...awsDefaults, ...config }, region, endpoint);
  const { KeyId, PublicKey, KeySpec, SigningAlgorithms } = await client
    .send(new GetPublicKeyCommand({ KeyId: keyId }), signal === undefined ? {} : { abortSignal: signal })
    .catch((error: unknown) => {
      throw mapAwsError(error, { operation: 'kms', action: 'GetPublicKey', keyId, region }, signal);
    });
  if (KeyId === undefined || PublicKey === undefined) {
    throw new AppError('SERVER_ERROR', `KMS described key ${keyId} in a way that is not understood`);
  }
  if (KeySpec !== keySpec || SigningAlgorithms?.includes(algorithm) !== true) {
    throw new AppError('BAD_CONFIG', `KMS key ${keyId} is of the kind ${KeySpec}; manifests are signed by ${keySpec}`);
  }
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (message) => sign(client, { keyId: KeyId, region, publicKey, message }),
  };
}

interface SignRequest {
  readonly keyId: string;
  readonly region: string;
  readonly publicKey: KeyObject;
  readonly message: Uint8Array;
}

async function sign(client: KMSClient, { keyId, region, publicKey, message }: SignRequest): Promise<Uint8Array> {
  if (message.length > maxMessageBytes) {
    throw new AppError('BAD_INPUT', `KMS signs at most ${maxMessageBytes} bytes, not ${message.length}`);
  }
  const command = new SignCommand({ KeyId: keyId, Message: message, MessageType: 'RAW', SigningAlgorithm: algorithm });
  const { Signature = new Uint8Array() } = await client.send(command).catch((error: unknown) => {
    throw mapAwsError(error, { operation: 'kms', action: 'Sign', keyId, region });
  });
  if (verify(null, message, publicKey, Signature)) return Signature;
  throw new AppError('SIGNATURE_INVALID', `what KMS answered is no signature of key ${keyId}`);
}
