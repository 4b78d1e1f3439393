import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { sendSpooled } from '../../../src/archive/upload/send-spooled.ts';
import { openSpool } from '../../../src/archive/upload/spool.ts';
import { storeOrSpool } from '../../../src/archive/upload/store-or-spool.ts';
import type { AwsAccess } from '../../../src/aws/access.ts';
import type { ArchiveStore } from '../../../src/aws/archive-store.ts';
import { AppError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import { type ArchiveBucket, startArchiveBucket } from '../../aws/archive/archive-bucket.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { putRequest } from '../../support/put-request.ts';

const mebibyte = 1024 * 1024;
const maxBytes = 64 * mebibyte;
const log = createLogger('silent');
let archive: ArchiveBucket;
let proxy: FaultProxy;
let access: AwsAccess;
let store: ArchiveStore;
let folder: string;

before(async () => {
  archive = await startArchiveBucket();
  proxy = await startFaultProxy(archive.sandbox.endpoint);
  access = archive.access({ endpoint: proxy.endpoint, maxAttempts: 1 });
  store = archive.openOwn(access);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'billvault-spool-'));
});
afterEach(async () => {
  proxy.heal();
  await rm(folder, { recursive: true, force: true });
});
after(async () => {
  await store[Symbol.asyncDispose]();
  access.close();
  await proxy.close();
  await archive[Symbol.asyncDispose]();
});

const cutOff = () => proxy.inject({ action: { kind: 'status', status: 503, code: 'SlowDown' }, times: 1_000 });
const record = async () => undefined;

test('a part waits on the disk while the bucket is out of reach, and is sent later as it was to be', async () => {
  const spool = await openSpool({ folder, maxBytes });
  const request = putRequest('waits', [randomBytes(9 * mebibyte), randomBytes(9 * mebibyte)]);
  cutOff();
  assert.deepEqual(await storeOrSpool({ spool, log }, store, request), { kind: 'spooled' });
  assert.deepEqual((await readdir(folder)).sort(), [`${request.sha256}.json`, `${request.sha256}.part`]);
  for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o077, 0);
  await assert.rejects(sendSpooled(store, spool, { onStored: record }), { code: 'THROTTLED' });
  assert.equal((await spool.list()).length, 1);

  proxy.heal();
  const recorded: string[] = [];
  const restarted = await openSpool({ folder, maxBytes });
  const sent = await sendSpooled(store, restarted, {
    onStored: async ({ key, sha256 }, { versionId }) => {
      const head = await store.head(key, versionId);
      assert.equal(head.sha256, sha256);
      assert.deepEqual(head.lock, request.lock);
      assert.equal((await readdir(folder)).length, 2, 'recorded before the local copy goes');
      recorded.push(key);
    },
  });
  assert.equal(sent, 1);
  assert.deepEqual(recorded, ['waits']);
  assert.deepEqual(await readdir(folder), []);
});

test('nothing is spooled that is refused for what it is, nor without a spool', async () => {
  const spool = await openSpool({ folder, maxBytes });
  const refused = putRequest('refused', 'x', { storageClass: 'NO_SUCH_CLASS' });
  await assert.rejects(storeOrSpool({ spool, log }, store, refused), AppError);
  assert.deepEqual(await readdir(folder), []);
  cutOff();
  await assert.rejects(storeOrSpool({ spool: undefined, log }, store, putRequest('x', 'x')), { code: 'THROTTLED' });
});

test('a spool that is full takes nothing more, and the failure stays what it was', async () => {
  const spool = await openSpool({ folder, maxBytes: 10 });
  cutOff();
  assert.deepEqual(await storeOrSpool({ spool, log }, store, putRequest('six', '6 byte')), { kind: 'spooled' });
  await assert.rejects(storeOrSpool({ spool, log }, store, putRequest('more', '5 byt')), {
    code: 'THROTTLED',
    message: /nor does the spool take it: .* may hold 10 bytes \(archive\.spoolMaxBytes\), of which 6 wait/,
  });
  assert.deepEqual(
    (await spool.list()).map(({ key }) => key),
    ['six'],
  );
});

test('additions at the same time stay within the limit together', async () => {
  const spool = await openSpool({ folder, maxBytes: 100 });
  const additions = Array.from({ length: 10 }, () =>
    spool.add(putRequest(randomBytes(4).toString('hex'), randomBytes(30))),
  );
  const outcomes = await Promise.all(additions);
  assert.equal(outcomes.filter(({ kind }) => kind === 'spooled').length, 3);
});

test('a send that dies before it was recorded is met by the next, which adopts what it stored', async () => {
  const spool = await openSpool({ folder, maxBytes });
  await spool.add(putRequest('dies', 'rows'));
  const dying = sendSpooled(store, spool, { onStored: () => Promise.reject(new Error('killed')) });
  await assert.rejects(dying, /killed/);
  const adopted: boolean[] = [];
  await sendSpooled(store, await openSpool({ folder, maxBytes }), {
    onStored: async (_put, stored) => void adopted.push(stored.adopted),
  });
  assert.deepEqual(adopted, [true]);
});

test('what a crash left half written is no put that waits, and is cleared away', async () => {
  const whole = await openSpool({ folder, maxBytes });
  const request = putRequest('whole', 'rows');
  await whole.add(request);
  const orphan = 'a'.repeat(64);
  await writeFile(join(folder, `${orphan}.part`), 'bytes whose request was never written');
  await writeFile(join(folder, `${orphan}.json.x.temporary`), '{');
  const spool = await openSpool({ folder, maxBytes });
  assert.deepEqual(
    (await spool.list()).map(({ key }) => key),
    ['whole'],
  );
  assert.equal((await readdir(folder)).length, 2);
});

test('bytes or requests that were changed on the disk are not sent', async () => {
  const spool = await openSpool({ folder, maxBytes });
  const request = putRequest('changed', 'rows of a ledger');
  await spool.add(request);
  const part = join(folder, `${request.sha256}.part`);
  const json = join(folder, `${request.sha256}.json`);
  for (const forged of ['rows of a Ledger', 'rows']) {
    await writeFile(part, forged);
    await assert.rejects(sendSpooled(store, spool, { onStored: record }), { code: 'PROOF_FAILED' });
  }
  await writeFile(part, 'rows of a ledger');
  const text = await readFile(json, 'utf8');
  for (const forged of ['{', '{}', text.replace(request.sha256, 'b'.repeat(64))]) {
    await writeFile(json, forged);
    await assert.rejects(sendSpooled(store, spool, { onStored: record }), { code: 'PROOF_FAILED' });
  }
  await writeFile(json, text);
  assert.equal(await sendSpooled(store, spool, { onStored: record }), 1);
});

test('the same put twice waits once', async () => {
  const spool = await openSpool({ folder, maxBytes });
  const request = putRequest('twice', 'rows');
  await spool.add(request);
  assert.deepEqual(await spool.add(request), { kind: 'spooled' });
  assert.equal((await spool.list()).length, 1);
  await assert.rejects(spool.add({ ...request, key: 'elsewhere' }), { code: 'CONFLICT' });
});
