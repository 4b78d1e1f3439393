import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ensureStored } from '../../../src/archive/upload/ensure-stored.ts';
import type { AwsAccess } from '../../../src/aws/access.ts';
import { type ArchiveBucket, startArchiveBucket, writeActions } from '../../aws/archive/archive-bucket.ts';
import { inDays, putRequest } from '../../support/put-request.ts';

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

/** As a server leaves it that ignored what it was asked for. */
async function putBare(Key: string): Promise<string> {
  const { VersionId = '' } = await archive.owner.send(new PutObjectCommand({ Bucket: archive.bucket, Key, Body: 'x' }));
  return VersionId;
}
const encryption = { algorithm: 'AES256' } as const;

test('an object without its lock is put right, or refused', async () => {
  await using writer = await archive.open(access, writeActions);
  const versionId = await putBare('bare');
  const lock = { mode: 'COMPLIANCE', retainUntil: inDays(3) } as const;
  const mayNotLock = writeActions.filter((action) => action !== 's3:PutObjectRetention');
  await using lockless = await archive.open(access, mayNotLock);
  await assert.rejects(ensureStored(lockless, { key: 'bare', versionId, lock, encryption }), {
    code: 'LOCK_MISSING',
    message: /bare, version .* is not locked; wanted is locked by COMPLIANCE until .*s3:PutObjectRetention/,
  });
  await ensureStored(writer, { key: 'bare', versionId, lock, encryption });
  assert.deepEqual(await writer.lock('bare', versionId), lock);
});

test('a lock that ends too early is made longer, one that lasts longer is left alone', async () => {
  await using writer = await archive.open(access, writeActions);
  const { versionId } = await writer.put(
    putRequest('short', 'x', { lock: { mode: 'GOVERNANCE', retainUntil: inDays(2) } }),
  );
  const ensure = (days: number) =>
    ensureStored(writer, {
      key: 'short',
      versionId,
      encryption,
      lock: { mode: 'GOVERNANCE', retainUntil: inDays(days) },
    });
  await ensure(5);
  const longer = await writer.lock('short', versionId);
  assert.ok(longer !== undefined && longer.retainUntil > inDays(4));
  await ensure(1);
  assert.deepEqual(await writer.lock('short', versionId), longer);
});

test('GOVERNANCE where COMPLIANCE is wanted is refused, as nobody here may bypass it', async () => {
  await using writer = await archive.open(access, writeActions);
  const { versionId } = await writer.put(putRequest('weak', 'x'));
  const lock = { mode: 'COMPLIANCE', retainUntil: inDays(1) } as const;
  await assert.rejects(ensureStored(writer, { key: 'weak', versionId, lock, encryption }), { code: 'LOCK_MISSING' });
});

test('an object encrypted otherwise than wanted is refused', async () => {
  await using writer = await archive.open(access, writeActions);
  const versionId = await putBare('plain');
  const lock = { mode: 'GOVERNANCE', retainUntil: inDays(1) } as const;
  const ensure = (key: string, version: string, keyId: string) =>
    ensureStored(writer, { key, versionId: version, lock, encryption: { algorithm: 'aws:kms', keyId } });
  await assert.rejects(ensure('plain', versionId, 'archive-key'), { code: 'ENCRYPTION_MISSING', message: /AES256/ });
  const wanted = putRequest('keyed', 'x', { encryption: { algorithm: 'aws:kms', keyId: 'archive-key' } });
  const keyed = (await writer.put(wanted)).versionId;
  await ensure('keyed', keyed, 'archive-key');
  await assert.rejects(ensure('keyed', keyed, 'another-key'), { code: 'ENCRYPTION_MISSING', message: /archive-key/ });
});

test('a lock that may not be seen is not taken for one that is there', async () => {
  const blind = writeActions.filter((action) => action !== 's3:GetObjectRetention');
  await using writer = await archive.open(access, blind);
  const request = putRequest('unseen', 'x');
  const { versionId } = await writer.put(request);
  await assert.rejects(ensureStored(writer, { ...request, versionId }), { code: 'ACCESS_DENIED' });
});
