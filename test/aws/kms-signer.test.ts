import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { CreateKeyCommand, KMSClient, SignCommand, type SignCommandInput } from '@aws-sdk/client-kms';
import { manifestBytes } from '../../src/archive/manifest/manifest-bytes.ts';
import { publicKeys } from '../../src/archive/manifest/public-keys.ts';
import { readManifest } from '../../src/archive/manifest/read-manifest.ts';
import { verifySignature } from '../../src/archive/manifest/signature.ts';
import { signerOf } from '../../src/archive/manifest/signer.ts';
import type { BaseCredentials } from '../../src/aws/config.ts';
import { openKmsKey } from '../../src/aws/kms-signer.ts';
import { type ErrorCode, isAppError } from '../../src/errors.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import { madeContent } from '../archive/manifest/made-manifest.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';

const accountId = '111122223333';
const region = 'eu-west-1';

suite('signing by KMS', () => {
  let aws: SandboxAws;
  let owner: BaseCredentials;
  let kms: KMSClient;
  let arn: string;
  let keyId: string;

  before(async () => {
    aws = await startSandboxAws();
    owner = await user('owner', ['kms:*']);
    kms = new KMSClient({ endpoint: aws.endpoint, region, credentials: owner });
    const command = new CreateKeyCommand({ KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' });
    const { KeyMetadata } = await kms.send(command);
    arn = KeyMetadata?.Arn ?? '';
    keyId = KeyMetadata?.KeyId ?? '';
  });
  after(async () => {
    kms.destroy();
    await aws.close();
  });

  function user(name: string, actions: readonly string[]): Promise<BaseCredentials> {
    const policy = { Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] };
    return aws.admin.createUser({ accountId, name, policy });
  }

  function open(options: { id?: string; as?: BaseCredentials; endpoint?: string } = {}) {
    const { id = arn, as = owner, endpoint = aws.endpoint } = options;
    const config = { baseCredentials: as, maxAttempts: 2, requestTimeoutMs: 2_000, bodyStallMs: 2_000 };
    return openKmsKey({ keyId: id, region, endpoint, config });
  }

  test('a manifest signed by KMS is verified with its public key alone', async () => {
    const key = await open({ id: keyId });
    const signer = signerOf(key);
    const { bytes } = await manifestBytes(madeContent, signer);
    const { manifest } = readManifest(bytes);
    assert.equal(manifest.signature.key_id, signer.keyId);
    verifySignature(manifest, publicKeys([key.publicKeyPem]));
  });

  test('it takes GetPublicKey and Sign, and no other permission', async () => {
    const least = await user('least', ['kms:GetPublicKey', 'kms:Sign']);
    assert.equal((await (await open({ as: least })).sign(Buffer.from('x'))).length, 64);
    const reader = await user('reader', ['kms:GetPublicKey']);
    await assert.rejects((await open({ as: reader })).sign(Buffer.from('x')), isCode('KMS_DENIED'));
    await assert.rejects(open({ as: await user('nobody', ['s3:GetObject']) }), isCode('KMS_DENIED'));
  });

  test('whatever is wrong is told by its cause', async () => {
    await assert.rejects(open({ id: 'nonsense' }), isCode('BAD_CONFIG'));
    await assert.rejects(open({ as: { ...owner, accessKeyId: 'AKIAUNKNOWN' } }), isCode('CREDENTIALS'));
    await assert.rejects(open({ as: { ...owner, secretAccessKey: 'wrong' } }), isCode('CREDENTIALS'));
    await assert.rejects(open({ endpoint: 'http://127.0.0.1:9' }), isCode('NETWORK', 'SERVER_ERROR'));
    await assert.rejects((await open()).sign(Buffer.alloc(4_097)), isCode('BAD_INPUT'));
  });

  test('the stand-in refuses what KMS refuses', async () => {
    const right: SignCommandInput = {
      KeyId: arn,
      Message: Buffer.from('x'),
      MessageType: 'RAW',
      SigningAlgorithm: 'ED25519_SHA_512',
    };
    const refusals: readonly (readonly [Partial<SignCommandInput>, string])[] = [
      [{ SigningAlgorithm: 'ECDSA_SHA_256' }, 'InvalidKeyUsageException'],
      [{ MessageType: 'DIGEST' }, 'ValidationException'],
      [{ Message: Buffer.alloc(4_097) }, 'ValidationException'],
      [{ KeyId: '' }, 'ValidationException'],
      [{ KeyId: arn.replace('111122223333', '999988887777') }, 'NotFoundException'],
    ];
    for (const [change, name] of refusals) {
      await assert.rejects(kms.send(new SignCommand({ ...right, ...change })), { name }, JSON.stringify(change));
    }
  });

  test('a KMS that does not answer, or stops in the middle, is waited for no longer than is configured', async () => {
    const proxy = await startFaultProxy(aws.endpoint);
    try {
      proxy.inject({ action: { kind: 'hang' }, times: 2 });
      await assert.rejects(open({ endpoint: proxy.endpoint }), isCode('TIMEOUT'));
      proxy.inject({ action: { kind: 'stall', afterBytes: 10 }, times: 2 });
      await assert.rejects(open({ endpoint: proxy.endpoint }), isCode('TIMEOUT', 'NETWORK'));
      proxy.inject({ action: { kind: 'status', status: 503, code: 'ServiceUnavailable' } });
      assert.equal((await (await open({ endpoint: proxy.endpoint })).sign(Buffer.from('x'))).length, 64);
    } finally {
      await proxy.close();
    }
  });
});

function isCode(...codes: readonly ErrorCode[]): (error: unknown) => boolean {
  return (error) => isAppError(error, ...codes);
}
