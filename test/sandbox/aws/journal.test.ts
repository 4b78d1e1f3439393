import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Killable, startKillable } from './killable.ts';

const owner = {
  accountId: '111122223333',
  name: 'owner',
  policy: { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
};
let folder: string;
let running: Killable;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-aws-'));
  running = await startKillable(folder);
});
afterEach(async () => {
  await running.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function killAndStart(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  await running.end('SIGKILL');
  await meanwhile();
  running = await startKillable(folder);
}

/** A client that follows the stand-in over its restarts. */
async function makeOwner(): Promise<() => S3Client> {
  const credentials = await running.admin.createUser(owner);
  return () => new S3Client({ endpoint: running.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

test('a SIGKILL forgets nothing that was answered: users, settings, versions, locks, deletes, uploads, time', async () => {
  const s3 = await makeOwner();
  await running.admin.createBucket({ name: 'kept', accountId: owner.accountId, objectLock: true });
  await running.admin.createBucket({ name: 'plain', accountId: owner.accountId });
  const lineEnds = 'a\u2028b\u2029c\nd';
  for (const [Key, Body] of [
    ['locked', 'one'],
    ['locked', 'two'],
    [lineEnds, 'odd'],
  ] as const) {
    await s3().send(new PutObjectCommand({ Bucket: 'kept', Key, Body }));
  }
  const until = new Date('2099-01-01T00:00:00.000Z');
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until } as const;
  await s3().send(new PutObjectCommand({ Bucket: 'kept', Key: 'retained', Body: 'r', ...lock }));
  await s3().send(new PutObjectLegalHoldCommand({ Bucket: 'kept', Key: 'locked', LegalHold: { Status: 'ON' } }));
  await s3().send(new DeleteObjectCommand({ Bucket: 'kept', Key: 'retained' }));
  const rule = { ID: 'r', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 9 } } as const;
  const lifecycle = { Bucket: 'plain', LifecycleConfiguration: { Rules: [rule] } };
  await s3().send(new PutBucketLifecycleConfigurationCommand(lifecycle));
  await s3().send(new PutObjectCommand({ Bucket: 'plain', Key: 'gone', Body: 'g' }));
  await s3().send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'gone' }));
  await s3().send(new PutObjectCommand({ Bucket: 'plain', Key: 'replaced', Body: 'old' }));
  await s3().send(new PutObjectCommand({ Bucket: 'plain', Key: 'replaced', Body: 'new' }));
  const at = { Bucket: 'plain', Key: 'in parts' };
  const { UploadId } = await s3().send(new CreateMultipartUploadCommand(at));
  const first = Buffer.alloc(5 * 1024 * 1024, 'p');
  const one = await s3().send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: first }));
  const aborted = await s3().send(new CreateMultipartUploadCommand({ Bucket: 'plain', Key: 'aborted' }));
  const abort = { Bucket: 'plain', Key: 'aborted', UploadId: aborted.UploadId };
  await s3().send(new UploadPartCommand({ ...abort, PartNumber: 1, Body: 'x' }));
  await s3().send(new AbortMultipartUploadCommand(abort));
  await running.admin.advanceClock(3600);
  const before = await s3().send(new ListObjectVersionsCommand({ Bucket: 'kept' }));

  await killAndStart();
  const now = await s3().send(new ListObjectVersionsCommand({ Bucket: 'kept' }));
  assert.deepEqual([now.Versions, now.DeleteMarkers], [before.Versions, before.DeleteMarkers]);
  assert.equal(await text(s3(), 'kept', 'locked'), 'two');
  assert.equal(await text(s3(), 'kept', lineEnds), 'odd');
  const VersionId = now.Versions?.find(({ Key }) => Key === 'retained')?.VersionId;
  const retained = await s3().send(new GetObjectRetentionCommand({ Bucket: 'kept', Key: 'retained', VersionId }));
  assert.deepEqual(retained.Retention, { Mode: 'GOVERNANCE', RetainUntilDate: until });
  const held = now.Versions?.find(({ Key, IsLatest }) => Key === 'locked' && IsLatest)?.VersionId;
  const release = new DeleteObjectCommand({ Bucket: 'kept', Key: 'locked', VersionId: held });
  await assert.rejects(s3().send(release), { name: 'AccessDenied' });
  const rules = await s3().send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'plain' }));
  assert.equal(rules.Rules?.[0]?.Expiration?.Days, 9);
  assert.equal(await text(s3(), 'plain', 'replaced'), 'new');
  const two = await s3().send(new UploadPartCommand({ ...at, UploadId, PartNumber: 2, Body: 'the end' }));
  const Parts = [one, two].map(({ ETag }, index) => ({ ETag, PartNumber: index + 1 }));
  await s3().send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));

  await killAndStart();
  assert.equal(await text(s3(), 'plain', 'in parts'), `${first}the end`);
  const listed = await s3().send(new ListObjectsV2Command({ Bucket: 'plain' }));
  assert.deepEqual(
    listed.Contents?.map(({ Key }) => Key),
    ['in parts', 'replaced'],
  );
  const late = await running.admin.putObject({ bucket: 'plain', key: 'late', body: Buffer.from('l') });
  assert.equal(late.versionId, 'null');
  const { LastModified } = await s3().send(new GetObjectCommand({ Bucket: 'plain', Key: 'late' }));
  assert.ok(Number(LastModified) > Date.now() + 3_000_000, 'the time that a test added is kept');
  // One for each of the four in `kept`, two parts, `replaced` and `late`.
  assert.equal((await readdir(join(folder, 'extents'))).length, 8);
});

test('what was being written when it was killed is not there afterwards: half a line, bytes of no object', async () => {
  const s3 = await makeOwner();
  await running.admin.createBucket({ name: 'kept', accountId: owner.accountId });
  await s3().send(new PutObjectCommand({ Bucket: 'kept', Key: 'whole', Body: 'w' }));
  await killAndStart(async () => {
    await appendFile(join(folder, 'journal.jsonl'), '{"kind":"version","bucket":"kept","version":{"kind":"obj');
    await writeFile(join(folder, 'extents', crypto.randomUUID()), 'half an obj');
  });
  await s3().send(new PutObjectCommand({ Bucket: 'kept', Key: 'after', Body: 'a' }));
  assert.equal((await readdir(join(folder, 'extents'))).length, 2);
  await killAndStart();
  assert.equal(await text(s3(), 'kept', 'whole'), 'w');
  assert.equal(await text(s3(), 'kept', 'after'), 'a');
});

test('the journal is as long as what there is, not as what happened, after a clean close', async () => {
  const s3 = await makeOwner();
  await running.admin.createBucket({ name: 'kept', accountId: owner.accountId });
  for (let turn = 0; turn < 20; turn += 1) {
    await s3().send(new PutObjectCommand({ Bucket: 'kept', Key: 'same', Body: `turn ${turn}` }));
  }
  await running.end('SIGTERM');
  const lines = (await readFile(join(folder, 'journal.jsonl'), 'utf8')).trim().split('\n');
  // Time, user, bucket, its settings, its object.
  assert.equal(lines.length, 5);
});

async function text(s3: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
}
