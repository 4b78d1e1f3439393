import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { storeObject } from '../../../src/archive/upload/store-part.ts';
import type { AwsAccess } from '../../../src/aws/access.ts';
import type { ArchiveStore, StoredVersion } from '../../../src/aws/archive-store.ts';
import { type FaultProxy, type ProxiedRequest, startFaultProxy } from '../../support/fault-proxy.ts';
import { putRequest } from '../../support/put-request.ts';
import { type ArchiveBucket, startArchiveBucket } from './archive-bucket.ts';

const mebibyte = 1024 * 1024;
let archive: ArchiveBucket;
let proxy: FaultProxy;
let access: AwsAccess;
let store: ArchiveStore;

before(async () => {
  archive = await startArchiveBucket();
  proxy = await startFaultProxy(archive.sandbox.endpoint);
  access = archive.access({ endpoint: proxy.endpoint });
  store = archive.openOwn(access);
});
afterEach(() => proxy.heal());
after(async () => {
  await store[Symbol.asyncDispose]();
  access.close();
  await proxy.close();
  await archive[Symbol.asyncDispose]();
});

const isPut = ({ method, url }: ProxiedRequest) => method === 'PUT' && !url.includes('uploadId');
const isPart = ({ method, url }: ProxiedRequest) => method === 'PUT' && url.includes('partNumber');
const isComplete = ({ method, url }: ProxiedRequest) => method === 'POST' && url.includes('uploadId');
const versionsOf = async (prefix: string): Promise<readonly StoredVersion[]> => {
  const versions: StoredVersion[] = [];
  for await (const version of store.listVersions({ prefix })) versions.push(version);
  return versions;
};
const uploadsLeft = async () =>
  (await archive.owner.send(new ListMultipartUploadsCommand({ Bucket: archive.bucket }))).Uploads ?? [];

test('a put whose answer was lost is adopted, not stored twice', async () => {
  proxy.inject({ action: { kind: 'lose-answer' }, matches: isPut });
  const stored = await storeObject(store, putRequest('lost', 'rows'));
  assert.equal(stored.adopted, true);
  assert.deepEqual(
    (await versionsOf('lost')).map(({ versionId }) => versionId),
    [stored.versionId],
  );
});

test('a put whose every answer was lost fails as transient, and the next attempt adopts what it left', async () => {
  proxy.inject({ action: { kind: 'lose-answer' }, matches: isPut, times: 100 });
  await assert.rejects(storeObject(store, putRequest('lost/all', 'rows')), { code: 'NETWORK' });
  proxy.heal();
  assert.equal((await storeObject(store, putRequest('lost/all', 'rows'))).adopted, true);
  assert.equal((await versionsOf('lost/all')).length, 1);
});

test('an upload in parts whose last answer was lost is adopted, not stored twice', async () => {
  const request = putRequest('lost/parts', randomBytes(20 * mebibyte));
  proxy.inject({ action: { kind: 'lose-answer' }, matches: isComplete });
  const stored = await storeObject(store, request);
  assert.equal(stored.adopted, true);
  assert.equal((await versionsOf('lost/parts')).length, 1);
  assert.deepEqual(await uploadsLeft(), []);
});

test('bytes that are changed on the wire are refused by the server, and sent again', async () => {
  proxy.inject({ action: { kind: 'corrupt', atByte: 2 }, matches: isPut });
  assert.equal((await storeObject(store, putRequest('garbled', 'rows'))).adopted, false);
  proxy.inject({ action: { kind: 'corrupt', atByte: 4 * mebibyte }, matches: isPart });
  const large = putRequest('garbled/parts', randomBytes(20 * mebibyte));
  const { versionId } = await storeObject(store, large);
  assert.equal((await store.head(large.key, versionId)).sha256, large.sha256);
  assert.equal((await storeObject(store, large)).adopted, true, 'what lies there are the bytes that were meant');
  assert.deepEqual(await uploadsLeft(), []);
});

test('bytes that never arrive as they were sent are given up, and nothing is stored', async () => {
  proxy.inject({ action: { kind: 'corrupt', atByte: 0 }, matches: isPut, times: 100 });
  await assert.rejects(store.put(putRequest('garbled/always', 'rows')), { code: 'NETWORK' });
  assert.deepEqual(await versionsOf('garbled/always'), []);
});

test('bytes that are not those of the SHA-256 that we know are refused, though they arrive as they are', async () => {
  const { sha256 } = putRequest('x', 'other');
  const mistaken = store.put({ ...putRequest('mistaken', 'rows'), sha256 });
  await assert.rejects(mistaken, { code: 'NETWORK', message: /not those that were to be sent/ });
  assert.deepEqual(await versionsOf('mistaken'), []);
});

test('an upload that stalls ends in time, and leaves no parts behind', async () => {
  const limits = { requestTimeoutMs: 300, minUploadBytesPerSecond: 40 * mebibyte, maxAttempts: 2 };
  const hurried = archive.access({ endpoint: proxy.endpoint, ...limits });
  await using impatient = archive.openOwn(hurried);
  proxy.inject({ action: { kind: 'hang' }, matches: (request) => isPut(request) || isPart(request), times: 100 });
  await assert.rejects(impatient.put(putRequest('stalls', 'rows')), { code: 'TIMEOUT' });
  await assert.rejects(impatient.put(putRequest('stalls', randomBytes(20 * mebibyte))), { code: 'TIMEOUT' });
  assert.deepEqual(await uploadsLeft(), []);
  hurried.close();
});

test('a put that is cancelled ends at once, its requests with it', async () => {
  const stopped = new AbortController();
  proxy.inject({ action: { kind: 'hang' }, matches: isPart, times: 100 });
  const request = putRequest('cancelled', randomBytes(20 * mebibyte), { signal: stopped.signal });
  const put = store.put(request);
  const deadline = Date.now() + 10_000;
  while (!proxy.requests.some((seen) => isPart(seen) && seen.url.includes('cancelled')) && Date.now() < deadline) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const before = Date.now();
  stopped.abort();
  await assert.rejects(put, { code: 'CANCELLED' });
  assert.ok(Date.now() - before < 2_000);
  assert.deepEqual(await uploadsLeft(), []);
});

test('a race with another write is tried again, and given up as transient after a few times', async () => {
  const race = { action: { kind: 'status', status: 409, code: 'ConditionalRequestConflict' }, matches: isPut } as const;
  proxy.inject({ ...race, times: 2 });
  assert.equal((await store.put(putRequest('raced', 'rows'))).outcome, 'stored');
  proxy.inject({ ...race, times: 100 });
  await assert.rejects(store.put(putRequest('raced/always', 'rows')), { code: 'FILE_CHANGED' });
  proxy.heal();
  const completes = { ...race, matches: isComplete };
  proxy.inject({ ...completes, times: 1 });
  const parts = putRequest('raced/parts', randomBytes(17 * mebibyte));
  assert.equal((await store.put(parts)).outcome, 'stored');
  assert.deepEqual(await uploadsLeft(), []);
});

test('an upload that somebody aborts is begun again', async () => {
  proxy.inject({ action: { kind: 'status', status: 404, code: 'NoSuchUpload' }, matches: isPart });
  assert.equal((await store.put(putRequest('aborted', randomBytes(17 * mebibyte)))).outcome, 'stored');
});
