import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  RestoreObjectCommand,
} from '@aws-sdk/client-s3';
import { bucketName, clientAccount, type Fixture, refused, startFixture } from './fixture.ts';

const hour = 3600;
const day = 24 * hour;
let fixture: Fixture;

before(async () => {
  fixture = await startFixture();
  await fixture.sandbox.admin.createBucket({ name: bucketName, accountId: clientAccount, objectLock: true });
});
after(() => fixture[Symbol.asyncDispose]());

test('a DEEP_ARCHIVE object is unreadable until its restore is over: 202, then 409, then 200, then cold again', async () => {
  const { admin } = fixture.sandbox;
  const s3 = fixture.s3(fixture.owner);
  const at = { Bucket: bucketName, Key: 'cold' };
  await admin.putObject({ bucket: bucketName, key: 'cold', body: Buffer.from('c'), storageClass: 'DEEP_ARCHIVE' });
  await refused(s3.send(new GetObjectCommand(at)), 'InvalidObjectState');
  const restore = (Tier: 'Standard' | 'Expedited') =>
    s3.send(new RestoreObjectCommand({ ...at, RestoreRequest: { Days: 2, GlacierJobParameters: { Tier } } }));
  await refused(restore('Expedited'), 'InvalidArgument');
  assert.equal((await restore('Standard')).$metadata.httpStatusCode, 202);
  await refused(restore('Standard'), 'RestoreAlreadyInProgress');
  assert.equal((await s3.send(new HeadObjectCommand(at))).Restore, 'ongoing-request="true"');

  await admin.advanceClock(12 * hour - 60);
  await refused(s3.send(new GetObjectCommand(at)), 'InvalidObjectState');
  await admin.advanceClock(61);
  const head = await s3.send(new HeadObjectCommand(at));
  assert.match(head.Restore ?? '', /^ongoing-request="false", expiry-date="/);
  assert.equal(head.StorageClass, 'DEEP_ARCHIVE');
  await s3.send(new GetObjectCommand(at));
  assert.equal((await restore('Standard')).$metadata.httpStatusCode, 200);

  await admin.advanceClock(4 * day);
  await refused(s3.send(new GetObjectCommand(at)), 'InvalidObjectState');
});

test('restoring what is not cold is refused', async () => {
  const s3 = fixture.s3(fixture.owner);
  await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: 'warm', Body: 'w' }));
  const request = { Bucket: bucketName, Key: 'warm', RestoreRequest: { Days: 1 } };
  await refused(s3.send(new RestoreObjectCommand(request)), 'InvalidObjectState');
});

test('lifecycle hides, transitions and deletes when its time has come, and never deletes what is locked', async () => {
  const { admin } = fixture.sandbox;
  const s3 = fixture.s3(fixture.owner);
  const put = (Key: string, lockedDays?: number) => {
    const until = new Date(Date.now() + (clockAhead + (lockedDays ?? 0) * day) * 1000);
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until } as const;
    const Body = Buffer.alloc(200_000);
    return s3.send(new PutObjectCommand({ Bucket: bucketName, Key, Body, ...(lockedDays === undefined ? {} : lock) }));
  };
  const clockAhead = 12 * hour + 1 + 4 * day;
  await put('aged/free');
  await put('aged/locked', 400);
  await put('kept/free');
  const LifecycleConfiguration = {
    Rules: [
      {
        ID: 'age',
        Status: 'Enabled',
        Filter: { Prefix: 'aged/' },
        Transitions: [{ Days: 10, StorageClass: 'GLACIER_IR' }],
        Expiration: { Days: 30 },
        NoncurrentVersionExpiration: { NoncurrentDays: 5 },
      },
    ],
  } as const;
  const input = { Bucket: bucketName, LifecycleConfiguration: structuredClone(LifecycleConfiguration) as never };
  await s3.send(new PutBucketLifecycleConfigurationCommand(input));
  const aged = async () => {
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket: bucketName, Prefix: 'aged/' }));
    return {
      versions: listed.Versions?.map((version) => `${version.Key} ${version.StorageClass}`) ?? [],
      markers: listed.DeleteMarkers?.map((marker) => marker.Key) ?? [],
    };
  };
  assert.equal(await admin.runLifecycle(), 0);
  await admin.advanceClock(11 * day);
  await admin.runLifecycle();
  assert.deepEqual((await aged()).versions, ['aged/free GLACIER_IR', 'aged/locked GLACIER_IR']);
  await admin.advanceClock(20 * day);
  await admin.runLifecycle();
  assert.deepEqual((await aged()).markers, ['aged/free', 'aged/locked']);
  await admin.advanceClock(7 * day);
  await admin.runLifecycle();
  assert.deepEqual((await aged()).versions, ['aged/locked GLACIER_IR']);
  await admin.advanceClock(30 * day);
  await admin.runLifecycle();
  assert.deepEqual(await aged(), { versions: ['aged/locked GLACIER_IR'], markers: ['aged/locked'] });
  await admin.advanceClock(400 * day);
  await admin.runLifecycle();
  await admin.runLifecycle();
  assert.deepEqual(await aged(), { versions: [], markers: [] });
  await s3.send(new HeadObjectCommand({ Bucket: bucketName, Key: 'kept/free' }));
});
