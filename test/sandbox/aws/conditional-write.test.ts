import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { bucketName, clientAccount, type Fixture, refused, startFixture } from './fixture.ts';

let fixture: Fixture;
let s3: S3Client;

before(async () => {
  fixture = await startFixture();
  await fixture.sandbox.admin.createBucket({ name: bucketName, accountId: clientAccount });
  s3 = fixture.s3(fixture.owner);
});
after(() => fixture[Symbol.asyncDispose]());

/** A conditional PUT whose body is held back until `finish`; resolves once the server works on it. */
async function slowPut(Key: string) {
  const Body = new PassThrough();
  const done = s3.send(new PutObjectCommand({ Bucket: bucketName, Key, Body, ContentLength: 4, IfNoneMatch: '*' }));
  done.catch(() => undefined);
  Body.write('ab');
  // The first bytes pass the checks at the start only when the server has read the head; a request behind it shows that.
  const deadline = Date.now() + 5000;
  while (Body.readableLength > 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  await s3.send(new HeadObjectCommand({ Bucket: bucketName, Key: `${Key}/missing` })).catch(() => undefined);
  return { done, finish: () => Body.end('cd') };
}

test('a conditional write that another write overtakes fails with 412', async () => {
  const slow = await slowPut('overtaken');
  await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: 'overtaken', Body: 'first' }));
  slow.finish();
  await refused(slow.done, 'PreconditionFailed');
});

test('a conditional write that a delete overtakes fails with 409, to be tried again', async () => {
  const slow = await slowPut('deleted');
  await s3.send(new DeleteObjectCommand({ Bucket: bucketName, Key: 'deleted' }));
  slow.finish();
  await refused(slow.done, 'ConditionalRequestConflict');
});

test('a conditional write that nothing disturbs succeeds', async () => {
  const slow = await slowPut('alone');
  slow.finish();
  assert.equal((await slow.done).$metadata.httpStatusCode, 200);
});
