import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { AwsAccess } from '../../../src/aws/access.ts';
import type { ArchiveStore } from '../../../src/aws/archive-store.ts';
import { inDays, putRequest } from '../../support/put-request.ts';
import { type ArchiveBucket, readActions, startArchiveBucket, writeActions } from './archive-bucket.ts';

let archive: ArchiveBucket;
let access: AwsAccess;

before(async () => {
  archive = await startArchiveBucket();
  access = archive.access();
});
after(async () => {
  access.close();
  await archive[Symbol.asyncDispose]();
});

const without = (...actions: readonly string[]) => writeActions.filter((action) => !actions.includes(action));
const bytesOf = async (store: ArchiveStore, key: string, versionId: string) => {
  const { body } = await store.readerOf(versionId).get(key);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};

test('the verifier role can read versions and locks, but not write, lock, hold or restore', async () => {
  await using writer = await archive.open(access, writeActions);
  await using verifier = await archive.open(access, readActions);
  const wanted = putRequest('verified', 'rows', { storageClass: 'DEEP_ARCHIVE' });
  const { versionId } = await writer.put(wanted);
  assert.equal((await verifier.head('verified', versionId)).sha256, wanted.sha256);
  assert.deepEqual(await verifier.lock('verified', versionId), wanted.lock);
  assert.equal(await verifier.legalHold('verified', versionId), false);
  await assert.rejects(verifier.put(putRequest('other', 'x')), { code: 'WRITE_DENIED' });
  const longer = { mode: 'GOVERNANCE', retainUntil: inDays(9) } as const;
  await assert.rejects(verifier.extendLock('verified', versionId, longer), {
    code: 'ACCESS_DENIED',
    message: /s3:PutObjectRetention/,
  });
  await assert.rejects(verifier.setLegalHold('verified', versionId, true), { message: /s3:PutObjectLegalHold/ });
  const restore = verifier.requestRestore('verified', versionId, { days: 1, tier: 'Bulk' });
  await assert.rejects(restore, { code: 'ACCESS_DENIED', message: /s3:RestoreObject/ });
});

test('a refused write says which permission is missing', async () => {
  const key = { algorithm: 'aws:kms', keyId: 'archive-key' } as const;
  const large = randomBytes(17 * 1024 * 1024);
  const cases = [
    ['s3:PutObject', putRequest('denied', 'x')],
    ['s3:PutObjectRetention', putRequest('denied', 'x')],
    ['kms:GenerateDataKey', putRequest('denied', 'x', { encryption: key })],
    ['kms:Decrypt', putRequest('denied', large, { encryption: key })],
  ] as const;
  for (const [action, request] of cases) {
    await using writer = await archive.open(access, without(action));
    await assert.rejects(writer.put(request), { code: 'WRITE_DENIED', message: new RegExp(`needs ${action} `) });
  }
});

test('who may not see a lock or a hold is refused, never told that there is none', async () => {
  await using blind = await archive.open(access, without('s3:GetObjectRetention', 's3:GetObjectLegalHold'));
  const { versionId } = await blind.put(putRequest('unseen', 'x'));
  assert.equal((await blind.head('unseen', versionId)).lock, undefined, 'S3 itself leaves it out');
  await assert.rejects(blind.lock('unseen', versionId), { code: 'ACCESS_DENIED', message: /s3:GetObjectRetention/ });
  await assert.rejects(blind.legalHold('unseen', versionId), { code: 'ACCESS_DENIED' });
  const longer = { mode: 'GOVERNANCE', retainUntil: inDays(2) } as const;
  await assert.rejects(blind.extendLock('unseen', versionId, longer), { message: /s3:GetObjectRetention/ });
});

test('a writer that may not read still stores, and is refused when it would have to compare', async () => {
  await using blind = await archive.open(access, without('s3:GetObject', 's3:GetObjectVersion'));
  assert.equal((await blind.put(putRequest('blind', 'x'))).outcome, 'stored');
  await assert.rejects(blind.put(putRequest('blind', 'x')), { code: 'GET_DENIED' });
});

test('a session is narrowed to its prefix, and to what the archive takes, whatever the role may do', async () => {
  await using store = await archive.open(access, ['s3:*', 'kms:*'], 'prod/');
  const { versionId } = await store.put(putRequest('prod/part', 'x'));
  await assert.rejects(store.put(putRequest('test/part', 'x')), { code: 'WRITE_DENIED' });
  const Body = 'x';
  const { VersionId: other = '' } = await archive.owner.send(
    new PutObjectCommand({ Bucket: archive.bucket, Key: 'test/part', Body }),
  );
  await assert.rejects(store.head('test/part', other), { code: 'GET_DENIED' });
  assert.equal(await bytesOf(store, 'prod/part', versionId), 'x');
});

test('a version that is not there is told from one that may not be read, also by a prefix-bound role', async () => {
  await using writer = await archive.open(access, writeActions);
  const { versionId } = await writer.put(putRequest('there', 'x'));
  await assert.rejects(writer.head('there', 'no-such-version'), { code: 'FILE_MISSING' });
  await assert.rejects(writer.head('not-there', versionId), { code: 'FILE_MISSING' });
  const { VersionId: marker = '' } = await archive.owner.send(
    new DeleteObjectCommand({ Bucket: archive.bucket, Key: 'there' }),
  );
  await assert.rejects(writer.readerOf(marker).get('there'), { code: 'FILE_MISSING' });
  assert.equal(await bytesOf(writer, 'there', versionId), 'x');
});

test('a session that expires between two calls is renewed, and a bucket elsewhere is found', async () => {
  await using mistaken = access.openArchiveStore({ bucket: archive.bucket, region: 'us-east-1', name: 'elsewhere' });
  assert.equal((await mistaken.put(putRequest('elsewhere', 'x'))).outcome, 'stored');
  await using writer = await archive.open(access, writeActions);
  await writer.put(putRequest('before', 'x'));
  await archive.sandbox.admin.advanceClock(2 * 3600);
  const { versionId } = await writer.put(
    putRequest('after', 'x', { lock: { mode: 'GOVERNANCE', retainUntil: inDays(2) } }),
  );
  assert.equal((await writer.head('after', versionId)).sizeBytes, 1);
});
