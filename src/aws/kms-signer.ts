import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { makeStsClient } from './clients.ts';
import { type AwsConfig, awsDefaults } from './config.ts';
import { askKms, type KmsEndpoint } from './kms-request.ts';
import { partitionDomain, partitionOfRegion } from './partition.ts';

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

const publicKeyShape = z.object({
  KeyId: z.string(),
  PublicKey: z.base64(),
  KeySpec: z.string(),
  SigningAlgorithms: z.array(z.string()),
});
const signatureShape = z.object({ Signature: z.base64() });

/**
 * Reads the key's public half. Signs by the key that it found then, whatever an alias comes to name meanwhile, and checks
 * every signature before it is handed on.
 * @throws AppError BAD_CONFIG for a key of another kind, KMS_DENIED, CREDENTIALS, or transient
 */
export async function openKmsKey({ keyId, region, endpoint, config, signal }: KmsKeyOptions): Promise<KmsKey> {
  const kms = kmsEndpoint({ region, endpoint, config: { ...awsDefaults, ...config } });
  const answer = publicKeyShape.safeParse(await askKms(kms, { operation: 'GetPublicKey', keyId, input: {}, signal }));
  if (!answer.success) throw new AppError('SERVER_ERROR', `KMS described key ${keyId} in a way that is not understood`);
  const { KeyId, PublicKey, KeySpec, SigningAlgorithms } = answer.data;
  if (KeySpec !== keySpec || !SigningAlgorithms.includes(algorithm)) {
    throw new AppError('BAD_CONFIG', `KMS key ${keyId} is of the kind ${KeySpec}; manifests are signed by ${keySpec}`);
  }
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey, 'base64'), format: 'der', type: 'spki' });
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (message) => sign(kms, { keyId: KeyId, publicKey, message }),
  };
}

async function sign(
  kms: KmsEndpoint,
  {
    keyId,
    publicKey,
    message,
  }: { readonly keyId: string; readonly publicKey: KeyObject; readonly message: Uint8Array },
): Promise<Uint8Array> {
  if (message.length > maxMessageBytes) {
    throw new AppError('BAD_INPUT', `KMS signs at most ${maxMessageBytes} bytes, not ${message.length}`);
  }
  const input = { Message: Buffer.from(message).toString('base64'), MessageType: 'RAW', SigningAlgorithm: algorithm };
  const answer = signatureShape.safeParse(await askKms(kms, { operation: 'Sign', keyId, input }));
  const signature = Buffer.from(answer.data?.Signature ?? '', 'base64');
  if (verify(null, message, publicKey, signature)) return signature;
  throw new AppError('SIGNATURE_INVALID', `what KMS answered is no signature of key ${keyId}`);
}

function kmsEndpoint({
  region,
  endpoint,
  config,
}: Pick<KmsKeyOptions, 'region' | 'endpoint'> & { readonly config: AwsConfig }): KmsEndpoint {
  const host = `kms.${region}.${partitionDomain(partitionOfRegion(region))}`;
  // Its own chain finds our identity wherever the service runs; no request is sent by this client.
  const { credentials } = makeStsClient(config, region).config;
  return {
    url: new URL(endpoint ?? `https://${host}`),
    region,
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    },
    requestTimeoutMs: config.requestTimeoutMs,
    maxAttempts: config.maxAttempts,
  };
}
