import { sign } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { isAllowed } from '../iam/authorize.ts';
import type { Caller } from '../iam/caller.ts';
import { maxKmsMessageBytes } from '../limits.ts';
import { partitionOf } from '../partition.ts';
import { callerContext } from '../s3/required-actions.ts';
import type { World } from '../world.ts';
import { type KmsKey, privateKeyOf, publicKeyOf } from './kms-keys.ts';

export interface KmsCall {
  readonly world: World;
  readonly caller: Caller;
  /** That the request was signed for. */
  readonly region: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const keySpec = 'ECC_NIST_EDWARDS25519';
const keyUsage = 'SIGN_VERIFY';
const algorithm = 'ED25519_SHA_512';
/** The other one of such a key; it takes a digest, and makes signatures of another kind. */
const digestAlgorithm = 'ED25519_PH_SHA_512';

export type KmsOperation = (call: KmsCall) => object;

/** @see CreateKey, GetPublicKey and Sign in the KMS API reference */
export const kmsOperations: Readonly<Record<string, KmsOperation>> = {
  CreateKey(call) {
    const { world, caller, region, input } = call;
    const owner = { accountId: caller.accountId, region };
    const anyKey = `arn:${partitionOf(region).name}:kms:${region}:${caller.accountId}:key/*`;
    requireAllowed(call, { action: 'kms:CreateKey', resource: anyKey, accountId: caller.accountId });
    if (input['KeySpec'] !== keySpec || input['KeyUsage'] !== keyUsage) {
      throw new AwsError('UnsupportedOperationException', `only keys ${keySpec} for ${keyUsage} can be made here`);
    }
    const { arn, keyId, accountId, createdMs } = world.kmsKeys.create(owner, world.clock.nowMs());
    const CreationDate = createdMs / 1000;
    return {
      KeyMetadata: {
        AWSAccountId: accountId,
        Arn: arn,
        CreationDate,
        Enabled: true,
        KeyId: keyId,
        KeyManager: 'CUSTOMER',
        KeySpec: keySpec,
        KeyState: 'Enabled',
        KeyUsage: keyUsage,
        SigningAlgorithms: [algorithm, digestAlgorithm],
      },
    };
  },

  GetPublicKey(call) {
    const key = findKey(call, 'kms:GetPublicKey');
    return {
      KeyId: key.arn,
      PublicKey: publicKeyOf(key).toString('base64'),
      KeySpec: keySpec,
      CustomerMasterKeySpec: keySpec,
      KeyUsage: keyUsage,
      SigningAlgorithms: [algorithm, digestAlgorithm],
    };
  },

  Sign(call) {
    const key = findKey(call, 'kms:Sign');
    const message = readMessage(call.input['Message']);
    const messageType = call.input['MessageType'] ?? 'RAW';
    if (call.input['SigningAlgorithm'] === digestAlgorithm) {
      throw new AwsError('UnsupportedOperationException', `${digestAlgorithm} is not known here`);
    }
    if (call.input['SigningAlgorithm'] !== algorithm) {
      throw new AwsError('InvalidKeyUsageException', `${key.arn} cannot sign with ${call.input['SigningAlgorithm']}`);
    }
    if (messageType !== 'RAW')
      throw new AwsError('ValidationException', `${algorithm} takes messages of type RAW only`);
    const signature = sign(null, message, privateKeyOf(key));
    return { KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm: algorithm };
  },
};

function findKey(call: KmsCall, action: string): KmsKey {
  const { world, caller, region, input } = call;
  const name = input['KeyId'];
  if (typeof name !== 'string' || name === '') throw new AwsError('ValidationException', 'KeyId is missing');
  const key = world.kmsKeys.find(name, { accountId: caller.accountId, region });
  requireAllowed(call, { action, resource: key.arn, accountId: key.accountId });
  return key;
}

function requireAllowed(
  { caller }: KmsCall,
  { action, resource, accountId }: { readonly action: string; readonly resource: string; readonly accountId: string },
): void {
  const access = { caller, action, resource, ownerAccountId: accountId, resourcePolicy: undefined };
  if (isAllowed({ ...access, context: callerContext({ caller }) })) return;
  throw new AwsError('AccessDeniedException', `${caller.arn} may not ${action} on ${resource}`);
}

function readMessage(value: unknown): Buffer {
  const message = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (typeof value !== 'string' || message.toString('base64') !== value) {
    throw new AwsError('SerializationException', 'Message is not base64');
  }
  if (message.length >= 1 && message.length <= maxKmsMessageBytes) return message;
  throw new AwsError(
    'ValidationException',
    `Message has ${message.length} bytes, and may have 1 to ${maxKmsMessageBytes}`,
  );
}
