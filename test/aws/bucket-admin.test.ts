import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type BucketAdmin, openBucketAdmin } from '../../src/aws/bucket-admin.ts';
import type { LifecycleRule } from '../../src/aws/bucket-lifecycle.ts';
import type { BaseCredentials } from '../../src/aws/config.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';

const accountId = '111122223333';
const region = 'eu-west-1';
let sandbox: SandboxAws;
let owner: BaseCredentials;

before(async () => {
  sandbox = await startSandboxAws({ defaultRegion: region });
  owner = await user('owner', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
});
after(() => sandbox.close());

function user(name: string, Statement: readonly unknown[]): Promise<BaseCredentials> {
  return sandbox.admin.createUser({ accountId, name, policy: { Version: '2012-10-17', Statement } });
}

function open(bucket: string, credentials = owner, inRegion = region): BucketAdmin {
  const { accessKeyId, secretAccessKey } = credentials;
  const settings = { s3Endpoint: sandbox.endpoint, baseCredentials: { accessKeyId, secretAccessKey } };
  return openBucketAdmin(settings, { bucket, region: inRegion });
}

test('a bucket that is not there has no settings, and is no error', async () => {
  await using admin = open('nowhere');
  const { bucket, ...settings } = await admin.read();
  assert.equal(bucket, 'nowhere');
  for (const seen of Object.values(settings)) assert.deepEqual(seen, { seen: true, value: undefined });
});

test("a fresh bucket's settings are absent, and its default encryption is what S3 gives every bucket", async () => {
  await sandbox.admin.createBucket({ name: 'fresh', accountId });
  await using admin = open('fresh');
  const { bucket: _, region: where, encryption, ...rest } = await admin.read();
  assert.deepEqual(where, { seen: true, value: region });
  assert.deepEqual(encryption, { seen: true, value: { algorithm: 'AES256' } });
  for (const seen of Object.values(rest)) assert.deepEqual(seen, { seen: true, value: undefined });
});

test('who may read nothing is told every permission that it lacks, and nothing is taken for absent', async () => {
  await sandbox.admin.createBucket({ name: 'hidden', accountId });
  await using admin = open('hidden', await user('stranger', [{ Effect: 'Deny', Action: '*', Resource: '*' }]));
  const { bucket: _, ...settings } = await admin.read();
  const permissions = Object.values(settings).map((seen) => {
    assert.ok(!seen.seen);
    assert.equal(seen.why, 'denied');
    return seen.permission;
  });
  assert.equal(new Set(permissions).size, 9);
  assert.ok(permissions.includes('s3:GetEncryptionConfiguration'));
});

test('credentials that nobody knows are an error, not a bucket that hides', async () => {
  await using admin = open('fresh', { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' });
  await assert.rejects(admin.read(), { code: 'CREDENTIALS' });
});

test('a new bucket has Object Lock and versioning from its first moment, in the region that was asked for', async () => {
  await using admin = open('made');
  await admin.change({ setting: 'bucket' });
  const state = await admin.read();
  assert.deepEqual(state.region, { seen: true, value: region });
  assert.deepEqual(state.versioning, { seen: true, value: 'Enabled' });
  assert.deepEqual(state.objectLock, { seen: true, value: { defaultRetention: undefined } });
  await assert.rejects(admin.change({ setting: 'bucket' }), {
    code: 'CONFLICT',
    message: /s3:CreateBucket on bucket made/,
  });
});

test('a bucket elsewhere is read where it is', async () => {
  await sandbox.admin.createBucket({ name: 'far', accountId, region: 'us-west-2', versioning: true });
  await using admin = open('far');
  const state = await admin.read();
  assert.deepEqual(state.region, { seen: true, value: 'us-west-2' });
  assert.deepEqual(state.versioning, { seen: true, value: 'Enabled' });
});

test('Object Lock without versioning is refused as what the bucket cannot have', async () => {
  await sandbox.admin.createBucket({ name: 'unversioned', accountId });
  await using admin = open('unversioned');
  await assert.rejects(admin.change({ setting: 'objectLock' }), { code: 'BUCKET_UNFIT' });
});

test('every kind of lifecycle rule is read as it was written', async () => {
  await sandbox.admin.createBucket({ name: 'aging', accountId, versioning: true });
  await using admin = open('aging');
  const isEnabled = true;
  const rules: readonly LifecycleRule[] = [
    { id: 'all', isEnabled, filter: { prefix: '' }, abortUploadsAfterDays: 3, removesLoneMarkers: true },
    { id: 'by-tag', isEnabled, filter: { prefix: '', tags: { a: 'b' } }, expiration: { days: 9 } },
    { id: 'by-size', isEnabled, filter: { prefix: '', largerThanBytes: 500 }, expiration: { days: 9 } },
    {
      id: 'by-all',
      isEnabled: false,
      filter: { prefix: 'p/', tags: { a: 'b', c: 'd' }, largerThanBytes: 5, smallerThanBytes: 9 },
      expiration: { date: new Date('2040-01-01T00:00:00Z') },
    },
    {
      id: 'steps',
      isEnabled,
      filter: { prefix: 'q/' },
      transitions: [
        { days: 30, storageClass: 'STANDARD_IA' },
        { date: new Date('2039-01-01T00:00:00Z'), storageClass: 'GLACIER' },
      ],
      noncurrentTransitions: [{ days: 5, keepNewer: 2, storageClass: 'GLACIER_IR' }],
      noncurrentExpiration: { days: 50, keepNewer: 3 },
    },
  ];
  await admin.change({ setting: 'lifecycle', to: { rules } });
  const { lifecycle } = await admin.read();
  assert.deepEqual(lifecycle, { seen: true, value: { rules } });
  await assert.rejects(admin.change({ setting: 'lifecycle', to: { rules: [...rules, ...rules.slice(0, 1)] } }), {
    code: 'BAD_INPUT',
    message: /s3:PutLifecycleConfiguration on bucket aging/,
  });
});

test("what cannot be a bucket's name is refused before anything is sent", () => {
  assert.throws(() => open('s3://acme'), { code: 'BAD_INPUT' });
});
