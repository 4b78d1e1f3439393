import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { allow, assume, bucketName, clientAccount, type Fixture, refused, startFixture, trust } from './fixture.ts';

let fixture: Fixture;

before(async () => {
  fixture = await startFixture();
  const { admin } = fixture.sandbox;
  await admin.createBucket({ name: bucketName, accountId: clientAccount, objectLock: true });
  await admin.createBucket({ name: 'far-away', accountId: clientAccount, region: 'eu-south-2' });
  await admin.putObject({ bucket: bucketName, key: 'cur/a', body: Buffer.from('a') });
  await admin.putObject({ bucket: bucketName, key: 'secret', body: Buffer.from('s'), kmsKeyId: 'key-1' });
  await admin.putObject({ bucket: 'far-away', key: 'a', body: Buffer.from('far') });
});
after(() => fixture[Symbol.asyncDispose]());

/** A session of a role of the client's account with just this policy. */
async function as(name: string, policy: unknown): Promise<S3Client> {
  const role = { accountId: clientAccount, name, trustPolicy: trust(fixture.us.arn), policy };
  const { arn } = await fixture.sandbox.admin.putRole(role);
  return fixture.s3(await assume(fixture.sts(fixture.us), { RoleArn: arn }));
}

test('a role may list the prefix that its policy names, and nothing beside it', async () => {
  const condition = { StringLike: { 's3:prefix': ['cur/*', 'cur/'] } };
  const s3 = await as('lister', allow('s3:ListBucket', `arn:aws:s3:::${bucketName}`, condition));
  const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucketName, Prefix: 'cur/' }));
  assert.equal(listed.KeyCount, 1);
  await refused(s3.send(new ListObjectsV2Command({ Bucket: bucketName, Prefix: 'cu' })), 'AccessDenied');
  await refused(s3.send(new ListObjectsV2Command({ Bucket: bucketName })), 'AccessDenied');
  await refused(s3.send(new HeadBucketCommand({ Bucket: bucketName })), 403);
});

test('a Deny beats every Allow', async () => {
  const statements = [
    { Effect: 'Allow', Action: 's3:*', Resource: '*' },
    { Effect: 'Deny', Action: 's3:Get*', Resource: `arn:aws:s3:::${bucketName}/cur/?` },
  ];
  const s3 = await as('denied', { Statement: statements });
  await refused(s3.send(new GetObjectCommand({ Bucket: bucketName, Key: 'cur/a' })), 'AccessDenied');
});

test('a missing key answers 404 to who may list, and 403 to who may not', async () => {
  const reader = await as('reader', allow('s3:GetObject', '*'));
  const lister = await as('reader-lister', allow(['s3:GetObject', 's3:ListBucket'], '*'));
  await refused(reader.send(new GetObjectCommand({ Bucket: bucketName, Key: 'missing' })), 'AccessDenied');
  await refused(reader.send(new HeadObjectCommand({ Bucket: bucketName, Key: 'missing' })), 403);
  await refused(lister.send(new GetObjectCommand({ Bucket: bucketName, Key: 'missing' })), 'NoSuchKey');
  await refused(lister.send(new HeadObjectCommand({ Bucket: bucketName, Key: 'missing' })), 404);
});

test('reading a version takes the permission for versions', async () => {
  const { versionId } = await fixture.sandbox.admin.putObject({ bucket: bucketName, key: 'v', body: Buffer.from('v') });
  const reader = await as('reader', allow('s3:GetObject', '*'));
  const get = new GetObjectCommand({ Bucket: bucketName, Key: 'v', VersionId: versionId });
  await refused(reader.send(get), 'AccessDenied');
  await (await as('version-reader', allow('s3:GetObjectVersion', '*'))).send(get);
});

test('HEAD leaves the lock fields out for who may not see them', async () => {
  const owner = fixture.s3(fixture.owner);
  const until = new Date(Date.now() + 86_400_000);
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until } as const;
  await owner.send(new PutObjectCommand({ Bucket: bucketName, Key: 'locked', Body: 'x', ...lock }));
  const head = new HeadObjectCommand({ Bucket: bucketName, Key: 'locked' });
  assert.equal((await owner.send(head)).ObjectLockMode, 'COMPLIANCE');
  const reader = await as('reader', allow('s3:GetObject', '*'));
  assert.equal((await reader.send(head)).ObjectLockMode, undefined);
});

test('an object under a KMS key takes kms:Decrypt to read, and the refusal names the key', async () => {
  const get = new GetObjectCommand({ Bucket: bucketName, Key: 'secret' });
  const reader = await as('reader', allow('s3:GetObject', '*'));
  const error = await refused(reader.send(get), 'AccessDenied');
  assert.match(error.message, /kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key\/key-1/);
  const decrypter = await as('decrypter', allow(['s3:GetObject', 'kms:Decrypt'], '*'));
  assert.equal((await decrypter.send(get)).SSEKMSKeyId, 'arn:aws:kms:us-east-1:111122223333:key/key-1');
});

test('kms:Decrypt is asked for through S3 in the region of the bucket', async () => {
  const get = new GetObjectCommand({ Bucket: bucketName, Key: 'secret' });
  const via = (service: string) => ({
    Statement: [
      { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: '*',
        Condition: { StringEquals: { 'kms:ViaService': service } },
      },
    ],
  });
  await (await as('via-s3', via('s3.us-east-1.amazonaws.com'))).send(get);
  for (const service of ['s3.eu-west-1.amazonaws.com', 'sqs.us-east-1.amazonaws.com']) {
    await refused((await as('via-other', via(service))).send(get), 'AccessDenied');
  }
});

test('the bucket policy counts: its Deny for all, and without its Allow nobody comes in from another account', async () => {
  const owner = fixture.s3(fixture.owner);
  const outsider = await fixture.sandbox.admin.createUser({
    accountId: '555566667777',
    name: 'o',
    policy: allow('s3:*', '*'),
  });
  const get = new GetObjectCommand({ Bucket: bucketName, Key: 'cur/a' });
  await refused(fixture.s3(outsider).send(get), 'AccessDenied');
  const resource = `arn:aws:s3:::${bucketName}/cur/*`;
  const statements = [
    { Effect: 'Allow', Principal: { AWS: outsider.arn }, Action: 's3:GetObject', Resource: resource },
    { Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: resource },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ];
  await owner.send(
    new PutBucketPolicyCommand({ Bucket: bucketName, Policy: JSON.stringify({ Statement: statements }) }),
  );
  await fixture.s3(outsider).send(get);
  const { Errors } = await owner.send(
    new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects: [{ Key: 'cur/a' }] } }),
  );
  assert.equal(Errors?.[0]?.Code, 'AccessDenied');
});

test('a bucket of another region answers 301 with its region, which clients can follow', async () => {
  const error = await refused(
    fixture.s3(fixture.owner).send(new GetObjectCommand({ Bucket: 'far-away', Key: 'a' })),
    'PermanentRedirect',
  );
  const response = (error as { $response?: { headers?: Record<string, string> } }).$response;
  assert.equal(response?.headers?.['x-amz-bucket-region'], 'eu-south-2');
  await refused(fixture.s3(fixture.owner).send(new HeadBucketCommand({ Bucket: 'far-away' })), 301);
  const location = await fixture.s3(fixture.owner).send(new GetBucketLocationCommand({ Bucket: 'far-away' }));
  assert.equal(location.LocationConstraint, 'eu-south-2');
  const following = fixture.s3(fixture.owner, { followRegionRedirects: true });
  const got = await following.send(new GetObjectCommand({ Bucket: 'far-away', Key: 'a' }));
  assert.equal(await got.Body?.transformToString(), 'far');
});
