import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteSource } from '../../../src/aws/byte-source.ts';
import { inDays, putRequest } from '../../support/put-request.ts';
import { startArchiveBucket } from './archive-bucket.ts';

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;

test('a version in DEEP_ARCHIVE is requested, waited for, read while its copy stays, and cold again after', async () => {
  await using archive = await startArchiveBucket();
  const { admin } = archive.sandbox;
  const access = archive.access();
  await using store = archive.openOwn(access);
  const lock = { mode: 'COMPLIANCE', retainUntil: inDays(30) } as const;
  const wanted = putRequest('cold', 'ice', { storageClass: 'DEEP_ARCHIVE', lock });
  const { versionId } = await store.put(wanted);
  const read = async () => {
    const { etag, sizeBytes } = await store.head('cold', versionId);
    return (await byteSource(store.readerOf(versionId), { key: 'cold', etag, sizeBytes }).finish()).sha256;
  };
  const request = (tier: 'Standard' | 'Bulk') => store.requestRestore('cold', versionId, { days: 3, tier });

  await assert.rejects(read(), { code: 'FILE_COLD' });
  assert.equal(await request('Bulk'), 'requested');
  assert.equal(await request('Standard'), 'ongoing');
  await admin.advanceClock(47 * hourSeconds);
  assert.deepEqual((await store.head('cold', versionId)).restore, { state: 'ongoing' });
  await assert.rejects(read(), { code: 'FILE_COLD' });

  await admin.advanceClock(2 * hourSeconds);
  const head = await store.head('cold', versionId);
  assert.equal(head.storageClass, 'DEEP_ARCHIVE', 'the class stays: only the copy tells');
  assert.equal(head.isCold, false);
  assert.equal(head.restore?.state === 'ready' && head.restore.until instanceof Date, true);
  assert.equal(await read(), wanted.sha256);
  assert.equal(await request('Standard'), 'ready');

  await admin.advanceClock(6 * daySeconds);
  const after = await store.head('cold', versionId);
  assert.equal(after.isCold, true);
  assert.equal(after.restore, undefined);
  await assert.rejects(read(), { code: 'FILE_COLD' });
  assert.deepEqual(await store.lock('cold', versionId), lock);
  access.close();
});
