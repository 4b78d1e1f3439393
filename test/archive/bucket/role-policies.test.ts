import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  RestoreObjectCommand,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { applyBucket } from '../../../src/archive/bucket/apply.ts';
import { checkBucket } from '../../../src/archive/bucket/check.ts';
import {
  adminPolicy,
  replicationPolicy,
  replicationTrustPolicy,
  trustPolicy,
  verifierPolicy,
  writerPolicy,
} from '../../../src/archive/bucket/role-policies.ts';
import { wantedBucket } from '../../../src/archive/bucket/wanted.ts';
import { openBucketAdmin } from '../../../src/aws/bucket-admin.ts';
import {
  type ArchiveBucket,
  account,
  charges,
  destination,
  events,
  region,
  startAppliedBucket,
} from './archive-bucket.ts';

const Bucket = destination.bucket;
const externalId = 'external-id-of-the-archive';
const keyArn = `arn:aws:kms:${region}:${account}:key/archive`;
const encrypted = { ...destination, encryption: { algorithm: 'aws:kms', keyId: keyArn } } as const;
const Key = 'archive/ledger/public.charges/part-1';
const until = () => new Date(Date.now() + 86_400_000);

let world: ArchiveBucket;
let writer: S3Client;
let verifier: S3Client;

async function roleArn(name: string, policy: unknown): Promise<string> {
  const trust = trustPolicy({ principalArn: world.owner.arn, externalId });
  return (await world.sandbox.admin.putRole({ accountId: account, name, trustPolicy: trust, policy })).arn;
}

async function session(name: string, policy: unknown): Promise<S3Client> {
  const sts = new STSClient({ endpoint: world.sandbox.endpoint, region, credentials: { ...world.owner } });
  const RoleArn = await roleArn(name, policy);
  const given = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test', ExternalId: externalId }));
  sts.destroy();
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = given.Credentials ?? {};
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return new S3Client({ endpoint: world.sandbox.endpoint, region, forcePathStyle: true, maxAttempts: 1, credentials });
}

before(async () => {
  world = await startAppliedBucket([charges, events], encrypted);
  writer = await session('writer', writerPolicy(encrypted));
  verifier = await session('verifier', verifierPolicy(encrypted));
});
after(() => world[Symbol.asyncDispose]());

async function denied(call: Promise<unknown>, what: string): Promise<void> {
  await assert.rejects(
    call,
    (error: S3ServiceException) => error.$metadata.httpStatusCode === 403,
    `${what} should have been denied`,
  );
}

function putObject(s3: S3Client, key: string): Promise<{ VersionId?: string | undefined }> {
  return s3.send(
    new PutObjectCommand({
      Bucket,
      Key: key,
      Body: 'rows',
      IfNoneMatch: '*',
      ChecksumAlgorithm: 'CRC32',
      StorageClass: 'GLACIER',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: keyArn,
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until(),
    }),
  );
}

test("the writer's policy lets it do its work: upload locked, look, hold, lock longer, restore, give up an upload", async () => {
  const { VersionId } = await putObject(writer, Key);
  const at = { Bucket, Key, VersionId };
  await writer.send(new HeadObjectCommand(at));
  await writer.send(new GetObjectRetentionCommand(at));
  const longer = new Date(until().getTime() + 86_400_000);
  await writer.send(
    new PutObjectRetentionCommand({ ...at, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: longer } }),
  );
  await writer.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } }));
  await writer.send(new GetObjectLegalHoldCommand(at));
  await writer.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'OFF' } }));
  await writer.send(new RestoreObjectCommand({ ...at, RestoreRequest: { Days: 1 } }));
  await writer.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'archive/ledger/' }));
  await writer.send(new ListObjectsV2Command({ Bucket, Prefix: 'archive/' }));
  const { UploadId } = await writer.send(new CreateMultipartUploadCommand({ Bucket, Key: `${Key}-large` }));
  await writer.send(new AbortMultipartUploadCommand({ Bucket, Key: `${Key}-large`, UploadId }));
  const readable = await writer.send(
    new PutObjectCommand({ Bucket, Key: `${Key}-readable`, Body: 'x', ChecksumAlgorithm: 'CRC32' }),
  );
  await writer.send(new GetObjectCommand({ Bucket, Key: `${Key}-readable`, VersionId: readable.VersionId }));
});

test("the writer's policy lets it do nothing else: nothing outside the prefix, no deletion, no lifted lock, no setting", async () => {
  const { VersionId } = await putObject(writer, `${Key}-kept`);
  const at = { Bucket, Key: `${Key}-kept`, VersionId };
  await denied(putObject(writer, 'archived/elsewhere'), 'a write outside the prefix');
  await denied(writer.send(new ListObjectVersionsCommand({ Bucket })), 'a listing of the whole bucket');
  await denied(writer.send(new DeleteObjectCommand({ Bucket, Key })), 'a delete marker');
  await denied(writer.send(new DeleteObjectCommand(at)), 'a deleted version');
  await denied(writer.send(new DeleteObjectCommand({ ...at, BypassGovernanceRetention: true })), 'a bypass');
  const shorter = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 3_600_000) } as const;
  await denied(
    writer.send(new PutObjectRetentionCommand({ ...at, Retention: shorter, BypassGovernanceRetention: true })),
    'a shorter lock',
  );
  for (const [what, call] of settingWrites(writer)) await denied(call(), what);
});

test('the verifier reads versions, locks and settings, and can write nothing', async () => {
  const { VersionId } = await writer.send(
    new PutObjectCommand({ Bucket, Key: `${Key}-proof`, Body: 'rows', ChecksumAlgorithm: 'CRC32' }),
  );
  const at = { Bucket, Key: `${Key}-proof`, VersionId };
  await putObject(writer, `${Key}-locked`);
  await verifier.send(new GetObjectCommand(at));
  await verifier.send(new HeadObjectCommand(at));
  await verifier.send(new GetObjectAttributesCommand({ ...at, ObjectAttributes: ['ObjectSize'] }));
  await verifier.send(new GetObjectRetentionCommand({ Bucket, Key: `${Key}-locked` }));
  await verifier.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'archive/' }));

  await denied(putObject(verifier, `${Key}-new`), 'an upload');
  await denied(verifier.send(new CreateMultipartUploadCommand({ Bucket, Key })), 'a multipart upload');
  await denied(verifier.send(new DeleteObjectCommand({ Bucket, Key })), 'a delete marker');
  await denied(verifier.send(new DeleteObjectCommand(at)), 'a deleted version');
  const Retention = { Mode: 'COMPLIANCE', RetainUntilDate: until() } as const;
  await denied(verifier.send(new PutObjectRetentionCommand({ ...at, Retention })), 'a longer lock');
  await denied(
    verifier.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'OFF' } })),
    'a released hold',
  );
  await denied(verifier.send(new RestoreObjectCommand({ ...at, RestoreRequest: { Days: 1 } })), 'a restore');
  await denied(verifier.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [] } })), 'tags');
  for (const [what, call] of settingWrites(verifier)) await denied(call(), what);
});

test('the verifier may check the bucket, and the admin apply it without seeing an object', async () => {
  const endpoints = { s3Endpoint: world.sandbox.endpoint, stsEndpoint: world.sandbox.endpoint };
  const { accessKeyId, secretAccessKey } = world.owner;
  const settings = { ...endpoints, baseCredentials: { accessKeyId, secretAccessKey } };
  const open = (arn: string) =>
    openBucketAdmin(settings, { bucket: Bucket, region, role: { arn, externalId, region } });
  const wanted = wantedBucket(encrypted, [charges]);
  const policy = adminPolicy(encrypted);
  {
    await using admin = open(await roleArn('admin', policy));
    const { outcomes, after } = await applyBucket({ admin, wanted });
    assert.deepEqual(outcomes, [{ setting: 'lifecycle', outcome: 'done' }]);
    assert.ok(after.entries.every(({ action }) => action === 'ok'));
  }
  await denied((await session('admin', policy)).send(new GetObjectCommand({ Bucket, Key })), 'an object to the admin');
  await using verifying = open(await roleArn('verifier', verifierPolicy(encrypted)));
  assert.equal((await checkBucket({ admin: verifying, wanted })).isFit, true);
  await assert.rejects(verifying.change({ setting: 'versioning' }), { code: 'ACCESS_DENIED' });
});

test('a GOVERNANCE lock is lifted by the roles that were named for it, and by nobody else, the owner included', async () => {
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const bypassRole = await roleArn('legal', everything);
  const legal = await session('legal', everything);
  const wanted = wantedBucket({ ...encrypted, bypassRoleArns: [bypassRole] }, [charges]);
  await using admin = world.open();
  await applyBucket({ admin, wanted });
  const { VersionId } = await putObject(writer, `${Key}-governed`);
  const remove = { Bucket, Key: `${Key}-governed`, VersionId, BypassGovernanceRetention: true };
  await denied(world.s3().send(new DeleteObjectCommand(remove)), 'a bypass by the owner');
  await legal.send(new DeleteObjectCommand(remove));
});

test('a policy that refuses other encryption refuses also what asks for none', async () => {
  const wanted = wantedBucket({ ...encrypted, refusesOtherEncryption: true }, [charges]);
  await using admin = world.open();
  await applyBucket({ admin, wanted });
  const put = (encryption: object) =>
    writer.send(
      new PutObjectCommand({ Bucket, Key: `${Key}-plain`, Body: 'x', ChecksumAlgorithm: 'CRC32', ...encryption }),
    );
  await denied(put({}), 'an upload that asks for nothing');
  await denied(put({ ServerSideEncryption: 'AES256' }), 'an upload with AES256');
  await put({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyArn });
});

test('policies name the partition, the literal prefix, and the key only where it has an ARN', () => {
  const chinese = {
    ...encrypted,
    region: 'cn-north-1',
    prefix: 'a*b',
    encryption: { algorithm: 'aws:kms', keyId: 'alias/a' },
  } as const;
  const text = JSON.stringify([writerPolicy(chinese), verifierPolicy(chinese), adminPolicy(chinese)]);
  assert.ok(!text.includes('arn:aws:'));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: IAM's escape, not a template
  assert.ok(text.includes('arn:aws-cn:s3:::acme-archive/a${*}b/*'));
  assert.ok(
    text.includes('"Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.cn-north-1.amazonaws.com.cn"}}'),
  );
  assert.ok(!JSON.stringify(writerPolicy(destination)).includes('kms:'));
  const whole = JSON.stringify(verifierPolicy({ ...destination, prefix: '' }));
  assert.ok(!whole.includes('s3:prefix') && whole.includes('arn:aws:s3:::acme-archive/*'));
});

test('the replication role reads with locks here, writes there, and deletes nowhere', () => {
  const replication = { bucket: 'acme-replica', roleArn: `arn:aws:iam::${account}:role/replicates` };
  const text = JSON.stringify(replicationPolicy({ ...encrypted, replication }));
  for (const needed of ['s3:GetObjectRetention', 's3:GetObjectLegalHold', 's3:ReplicateObject', 'kms:Decrypt']) {
    assert.ok(text.includes(needed), needed);
  }
  assert.ok(!/Delete|Put/.test(text));
  assert.ok(text.includes('arn:aws:s3:::acme-replica/archive/*'));
  assert.deepEqual(replicationTrustPolicy().Statement[0]?.Principal, { Service: 's3.amazonaws.com' });
  const passed = adminPolicy({ ...encrypted, replication }).Statement.find(({ Action }) => Action === 'iam:PassRole');
  assert.equal(passed?.Resource, replication.roleArn);
});

function settingWrites(s3: S3Client): readonly (readonly [string, () => Promise<unknown>])[] {
  const Rules = [{ ID: 'x', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }] as const;
  return [
    [
      'a lifecycle',
      () =>
        s3.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket,
            LifecycleConfiguration: { Rules: Rules.map((rule) => ({ ...rule })) },
          }),
        ),
    ],
    ['a policy', () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: '{}' }))],
    ['a removed policy', () => s3.send(new DeleteBucketPolicyCommand({ Bucket }))],
    [
      'versioning',
      () => s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
    ],
    [
      'Object Lock',
      () =>
        s3.send(
          new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } }),
        ),
    ],
  ];
}
