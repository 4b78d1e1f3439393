import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import {
  allow,
  assume,
  bucketName,
  clientAccount,
  type Fixture,
  ourAccount,
  refused,
  startFixture,
  trust,
} from './fixture.ts';

const ExternalId = 'external-id-of-acme';
const everythingInBucket = [`arn:aws:s3:::${bucketName}`, `arn:aws:s3:::${bucketName}/*`];
let fixture: Fixture;
let RoleArn: string;

before(async () => {
  fixture = await startFixture();
  const { admin } = fixture.sandbox;
  await admin.createBucket({ name: bucketName, accountId: clientAccount });
  await admin.putObject({ bucket: bucketName, key: 'cur/a', body: Buffer.from('a') });
  await admin.putObject({ bucket: bucketName, key: 'other/b', body: Buffer.from('b') });
  const role = await admin.putRole({
    accountId: clientAccount,
    name: 'billing/reader',
    trustPolicy: trust(fixture.us.arn, ExternalId),
    policy: allow(['s3:ListBucket', 's3:GetObject'], everythingInBucket),
    maxSessionSeconds: 7200,
  });
  RoleArn = role.arn;
});
after(() => fixture[Symbol.asyncDispose]());

test('a role that wants an external ID is refused without it and with a wrong one', async () => {
  const sts = fixture.sts(fixture.us);
  const missing = await refused(assume(sts, { RoleArn }), 'AccessDenied');
  await refused(assume(sts, { RoleArn, ExternalId: `${ExternalId}x` }), 'AccessDenied');
  await refused(assume(sts, { RoleArn, ExternalId: ExternalId.toUpperCase() }), 'AccessDenied');
  assert.match(missing.message, /may not assume .*billing\/reader/);
  await assume(sts, { RoleArn, ExternalId });
});

test('a role that does not exist is refused like one that may not be assumed', async () => {
  await refused(assume(fixture.sts(fixture.us), { RoleArn: `${RoleArn}x`, ExternalId }), 'AccessDenied');
});

test('a user that the trust policy does not name is refused, also one of the same account', async () => {
  const stranger = await fixture.sandbox.admin.createUser({ accountId: ourAccount, name: 'stranger' });
  await refused(assume(fixture.sts(stranger), { RoleArn, ExternalId }), 'AccessDenied');
});

test('trust in an account needs the user to be permitted by its own account too', async () => {
  const { admin } = fixture.sandbox;
  const { arn } = await admin.putRole({
    accountId: clientAccount,
    name: 'trusts-our-account',
    trustPolicy: trust(`arn:aws:iam::${ourAccount}:root`),
    policy: allow('s3:GetObject', '*'),
  });
  const powerless = await admin.createUser({ accountId: ourAccount, name: 'powerless', policy: allow('s3:*', '*') });
  await refused(assume(fixture.sts(powerless), { RoleArn: arn }), 'AccessDenied');
  await assume(fixture.sts(fixture.us), { RoleArn: arn });
});

test('STS refuses wrong secrets and unknown keys in its own words', async () => {
  const wrong = fixture.sts({ ...fixture.us, secretAccessKey: 'wrong' });
  await refused(wrong.send(new GetCallerIdentityCommand({})), 'SignatureDoesNotMatch');
  const unknown = fixture.sts({ ...fixture.us, accessKeyId: 'AKIAUNKNOWN' });
  await refused(unknown.send(new GetCallerIdentityCommand({})), 'InvalidClientTokenId');
});

test('the session is named by role and session name, in the partition of the role', async () => {
  const { arn } = await fixture.sandbox.admin.putRole({
    accountId: clientAccount,
    name: 'gov',
    partition: 'aws-us-gov',
    trustPolicy: trust(fixture.us.arn),
    policy: allow('s3:GetObject', '*'),
  });
  assert.equal(arn, `arn:aws-us-gov:iam::${clientAccount}:role/gov`);
  const session = await assume(fixture.sts(fixture.us), { RoleArn: arn });
  const identity = await fixture.sts(session).send(new GetCallerIdentityCommand({}));
  assert.equal(identity.Arn, `arn:aws-us-gov:sts::${clientAccount}:assumed-role/gov/test`);
  assert.match(session.accessKeyId, /^ASIA/);
});

test('a session policy narrows the role, and cannot widen it', async () => {
  const Policy = JSON.stringify(allow(['s3:GetObject', 's3:PutObject'], `arn:aws:s3:::${bucketName}/cur/*`));
  const session = await assume(fixture.sts(fixture.us), { RoleArn, ExternalId, Policy });
  const s3 = fixture.s3(session);
  await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: 'cur/a' }));
  await refused(s3.send(new GetObjectCommand({ Bucket: bucketName, Key: 'other/b' })), 'AccessDenied');
  await refused(s3.send(new ListObjectsV2Command({ Bucket: bucketName })), 'AccessDenied');
  await refused(s3.send(new PutObjectCommand({ Bucket: bucketName, Key: 'cur/new', Body: '' })), 'AccessDenied');
});

test('a session policy that cannot be understood is refused', async () => {
  const sts = fixture.sts(fixture.us);
  const Policy = JSON.stringify(allow('s3:GetObject', '*', { StringAlmostEquals: { 's3:prefix': 'a' } }));
  await refused(assume(sts, { RoleArn, ExternalId, Policy }), 'MalformedPolicyDocumentException');
  await refused(assume(sts, { RoleArn, ExternalId, Policy: '{' }), 'MalformedPolicyDocumentException');
});

test('sessions last from 15 minutes to what the role allows, chained ones an hour at most', async () => {
  const sts = fixture.sts(fixture.us);
  await refused(assume(sts, { RoleArn, ExternalId, DurationSeconds: 899 }), 'ValidationError');
  await refused(assume(sts, { RoleArn, ExternalId, DurationSeconds: 7201 }), 'ValidationError');
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn, ExternalId, RoleSessionName: 'test', DurationSeconds: 7200 }),
  );
  const seconds = ((Credentials?.Expiration?.getTime() ?? 0) - Date.now()) / 1000;
  assert.ok(seconds > 7190 && seconds <= 7200, `${seconds} s`);

  const first = await fixture.sandbox.admin.putRole({
    accountId: ourAccount,
    name: 'hop',
    trustPolicy: trust(fixture.us.arn),
    policy: allow('sts:AssumeRole', '*'),
  });
  const second = await fixture.sandbox.admin.putRole({
    accountId: clientAccount,
    name: 'after-hop',
    trustPolicy: trust(first.arn, ExternalId),
    policy: allow('s3:GetObject', '*'),
    maxSessionSeconds: 43_200,
  });
  const hop = fixture.sts(await assume(sts, { RoleArn: first.arn }));
  await refused(assume(hop, { RoleArn: second.arn, ExternalId, DurationSeconds: 3601 }), 'ValidationError');
  await assume(hop, { RoleArn: second.arn, ExternalId, DurationSeconds: 3600 });
});

test('a session ends with its role', async () => {
  const { arn } = await fixture.sandbox.admin.putRole({
    accountId: clientAccount,
    name: 'short-lived',
    trustPolicy: trust(fixture.us.arn),
    policy: allow('s3:GetObject', '*'),
  });
  const s3 = fixture.s3(await assume(fixture.sts(fixture.us), { RoleArn: arn }));
  await s3.send(new HeadObjectCommand({ Bucket: bucketName, Key: 'cur/a' }));
  await fixture.sandbox.admin.deleteRole(arn);
  await refused(s3.send(new GetObjectCommand({ Bucket: bucketName, Key: 'cur/a' })), 'InvalidAccessKeyId');
});

test('session credentials are refused without their token and when they have expired', async () => {
  const session = await assume(fixture.sts(fixture.us), { RoleArn, ExternalId });
  const get = new GetObjectCommand({ Bucket: bucketName, Key: 'cur/a' });
  const { accessKeyId, secretAccessKey } = session;
  await refused(fixture.s3({ accessKeyId, secretAccessKey }).send(get), 'InvalidToken');
  await fixture.s3(session).send(get);
  await fixture.sandbox.admin.advanceClock(3601);
  await refused(fixture.s3(session).send(get), 'ExpiredToken');
  await refused(fixture.sts(session).send(new GetCallerIdentityCommand({})), 'ExpiredToken');
});
