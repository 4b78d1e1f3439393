import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { AwsAccess, OpenReader } from '../../src/aws/access.ts';
import { byteSource } from '../../src/aws/byte-source.ts';
import { hashedStream } from '../../src/aws/object-digest.ts';
import type { ListedObject } from '../../src/aws/object-store.ts';
import { type ReadLimits, readObject } from '../../src/aws/resumable-read.ts';
import { type FaultAction, type FaultProxy, type ProxiedRequest, startFaultProxy } from '../support/fault-proxy.ts';
import { type ClientBucket, collect, listAll, listOne, openCur, startClientBucket } from './client-bucket.ts';

const body = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(body).digest('hex');
const limits: ReadLimits = { maxAttempts: 4, progressBytes: 65_536, backoff: { baseMs: 1, maxMs: 5 } };

let client: ClientBucket;
let proxy: FaultProxy;
let aws: AwsAccess;
let reader: OpenReader;
let object: ListedObject;

before(async () => {
  client = await startClientBucket();
  proxy = await startFaultProxy(client.sandbox.endpoint);
});
beforeEach(() => renewAccess());
afterEach(() => {
  proxy.heal();
  return endAccess();
});
after(async () => {
  await proxy.close();
  await client[Symbol.asyncDispose]();
});

/** A client that was asked to slow down stays slow for a while: each test begins with another. */
function renewAccess(): void {
  const timeouts = { requestTimeoutMs: 2_000, connectTimeoutMs: 2_000, bodyStallMs: 400 };
  aws = client.access({ endpoint: proxy.endpoint, maxAttempts: 1, ...timeouts });
  reader = openCur(aws, client);
}

async function endAccess(): Promise<void> {
  await reader[Symbol.asyncDispose]();
  aws.close();
}

async function fresh(): Promise<void> {
  await client.put('cur/file.csv.gz', body);
  object = await listOne(reader, 'cur/file.csv.gz');
}

const isGet = ({ method, url }: ProxiedRequest) => method === 'GET' && url.includes('file.csv.gz');

function inject(action: FaultAction, times = 1): void {
  proxy.inject({ action, times, matches: isGet });
}

test('whatever breaks on the way, every byte arrives once and in order', async (t) => {
  await fresh();
  const faults: Readonly<Record<string, readonly FaultAction[]>> = {
    'reset at once': [{ kind: 'reset', afterBytes: 0 }],
    'reset in the middle, three times': Array(3).fill({ kind: 'reset', afterBytes: 700_000 }),
    'reset more often than the attempts, with progress between': Array(9).fill({ kind: 'reset', afterBytes: 300_000 }),
    'an answer that ends early but cleanly': [{ kind: 'truncate', afterBytes: 1_234_567 }],
    'a body that stalls': [{ kind: 'stall', afterBytes: 1_000_000 }],
    'no answer': [{ kind: 'hang' }],
    'SlowDown, InternalError, ServiceUnavailable': [
      { kind: 'status', status: 503, code: 'SlowDown' },
      { kind: 'status', status: 500, code: 'InternalError' },
      { kind: 'status', status: 503, code: 'ServiceUnavailable' },
    ],
    'all of it in one read': [
      { kind: 'reset', afterBytes: 100_000 },
      { kind: 'stall', afterBytes: 500_000 },
      { kind: 'status', status: 500, code: 'InternalError' },
      { kind: 'truncate', afterBytes: 70_000 },
    ],
  };
  for (const [name, actions] of Object.entries(faults)) {
    await t.test(name, async () => {
      await endAccess();
      renewAccess();
      for (const action of actions) inject(action);
      assert.ok((await collect(readObject(reader, { ...object, limits }))).equals(body));
    });
  }
});

test('an object replaced while it is read is FILE_CHANGED, not a mix of two', async () => {
  await fresh();
  inject({ kind: 'reset', afterBytes: 1_000_000 });
  const chunks = readObject(reader, { ...object, limits });
  await chunks.next();
  await client.put('cur/file.csv.gz', randomBytes(3_000_000));
  await assert.rejects(collect(chunks), {
    code: 'FILE_CHANGED',
    message: /read s3:\/\/acme-bills\/cur\/file\.csv\.gz: changed while it was read/,
  });
});

test('an object replaced since it was listed is FILE_CHANGED at the first byte', async () => {
  await fresh();
  await client.put('cur/file.csv.gz', 'other');
  await assert.rejects(collect(readObject(reader, { ...object, limits })), { code: 'FILE_CHANGED' });
});

test('an object deleted since it was listed is FILE_MISSING', async () => {
  await fresh();
  await assert.rejects(collect(readObject(reader, { ...object, key: 'cur/gone.csv', limits })), {
    code: 'FILE_MISSING',
  });
});

test('a body with more bytes than promised is refused', async () => {
  await fresh();
  inject({ kind: 'lengthen', extraBytes: 10 }, 9);
  await assert.rejects(collect(readObject(reader, { ...object, limits })), {
    code: 'SERVER_ERROR',
    message: /3000010/,
  });
  proxy.heal();
  inject({ kind: 'lengthen', extraBytes: 10 }, 9);
  const range = { start: 5, end: 100_000 };
  await assert.rejects(collect(readObject(reader, { ...object, range, limits })), {
    code: 'SERVER_ERROR',
    message: /more bytes than the 99995 promised/,
  });
});

test('a read without progress gives up after its attempts, naming the byte', async () => {
  await fresh();
  inject({ kind: 'reset', afterBytes: 1_000_000 });
  inject({ kind: 'status', status: 500, code: 'InternalError' }, 99);
  const { length } = proxy.requests;
  await assert.rejects(collect(readObject(reader, { ...object, limits })), {
    code: 'SERVER_ERROR',
    message: /gave up at byte \d+ after 4 attempts in a row/,
  });
  assert.equal(proxy.requests.length - length, limits.maxAttempts);
});

test('a stalled body is TIMEOUT; a slow consumer is not', async () => {
  await fresh();
  inject({ kind: 'stall', afterBytes: 10_000 });
  const stalled = await reader.get(object.key);
  await assert.rejects(collect(stalled.body), { code: 'TIMEOUT', message: /no bytes arrived for 400 ms/ });

  const { body: slowly } = await reader.get(object.key);
  const chunks: Uint8Array[] = [];
  for await (const chunk of slowly) {
    if (chunks.length === 0) await untilElapsed(1_000);
    chunks.push(chunk);
  }
  assert.ok(Buffer.concat(chunks).equals(body));
});

test('a body that is not wanted leaves no connection behind', async () => {
  await fresh();
  const open = await reader.get(object.key);
  open.discard();
  for await (const _ of readObject(reader, object)) break;
  await untilTrue(async () => (await proxy.openConnections()) <= 1);
});

test('an abort in the middle of a body, and in a backoff, is CANCELLED', async () => {
  await fresh();
  const abort = new AbortController();
  const chunks = readObject(reader, { ...object, signal: abort.signal, limits });
  await chunks.next();
  abort.abort();
  await assert.rejects(collect(chunks), { code: 'CANCELLED' });

  inject({ kind: 'status', status: 503, code: 'SlowDown' }, 99);
  const long = { ...limits, backoff: { baseMs: 3_600_000, maxMs: 3_600_000 } };
  const signal = AbortSignal.timeout(100);
  await assert.rejects(collect(readObject(reader, { ...object, signal, limits: long })), { code: 'CANCELLED' });
});

test('a listing is as robust: a page that fails is asked for again, one that keeps failing is an error', async () => {
  const patient = client.access({ endpoint: proxy.endpoint, maxAttempts: 3, requestTimeoutMs: 5_000 });
  const isList = ({ url }: ProxiedRequest) => url.includes('list-type=2');
  proxy.inject({ matches: isList, action: { kind: 'status', status: 500, code: 'InternalError' } });
  proxy.inject({ matches: isList, action: { kind: 'reset', afterBytes: 0 } });
  assert.ok((await listAll(openCur(patient, client))).length > 0);
  proxy.inject({ matches: isList, times: 99, action: { kind: 'status', status: 500, code: 'InternalError' } });
  await assert.rejects(listAll(openCur(patient, client)), { code: 'SERVER_ERROR' });
  patient.close();
});

test('a server that is not there is NETWORK', async () => {
  const gone = await startFaultProxy(client.sandbox.endpoint);
  await gone.close();
  const nowhere = client.access({ endpoint: gone.endpoint, maxAttempts: 1 });
  await assert.rejects(listAll(openCur(nowhere, client)), { code: 'NETWORK' });
  nowhere.close();
});

test('a hashed stream passes every byte on and knows the digest at its end, not before', async () => {
  await fresh();
  inject({ kind: 'reset', afterBytes: 1_000_000 });
  const hashed = hashedStream(readObject(reader, { ...object, limits }));
  assert.throws(() => hashed.digest(), { code: 'INTERNAL' });
  assert.ok((await collect(hashed.stream)).equals(body));
  assert.deepEqual(hashed.digest(), { sha256, bytes: body.length });
});

test('an empty object is read, and must still be the one that was listed', async () => {
  await client.put('cur/empty.csv', '');
  const empty = await listOne(reader, 'cur/empty.csv');
  assert.equal((await collect(readObject(reader, empty))).length, 0);
  await client.put('cur/empty.csv', 'no more');
  await assert.rejects(collect(readObject(reader, empty)), { code: 'FILE_CHANGED' });
});

async function large(): Promise<{ readonly object: ListedObject; readonly bytes: Buffer }> {
  const bytes = randomBytes(20_000_000);
  await client.put('cur/large.parquet', bytes);
  return { object: await listOne(reader, 'cur/large.parquet'), bytes };
}

test('a byte source serves footer, row groups and back-steps, hashing every byte once, with one whole GET', async () => {
  const { object: parquet, bytes } = await large();
  const before = proxy.requests.length;
  proxy.inject({
    matches: ({ url, range }) => url.includes('large') && !range,
    action: { kind: 'reset', afterBytes: 3_000_000 },
  });
  const source = byteSource(reader, { ...parquet, limits });
  const expectRange = async (start: number, end: number) => {
    const range = await source.read(start, end);
    assert.equal(range.byteOffset, 0);
    assert.equal(range.byteLength, range.buffer.byteLength);
    assert.ok(bytes.subarray(start, end).equals(range), `${start} to ${end}`);
  };
  await expectRange(19_999_992, 20_000_000);
  await expectRange(4, 6_000_000);
  await Promise.all([expectRange(6_000_000, 9_000_000), expectRange(9_100_000, 12_000_000)]);
  await expectRange(7_000_000, 7_000_100);
  await expectRange(12_000_000, 12_000_001);
  assert.deepEqual(await source.finish(), {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
  });
  const ranges = proxy.requests.slice(before).map(({ range }) => range);
  assert.equal(ranges.length, 4);
  assert.deepEqual([ranges[0], ranges[1], ranges[3]], ['bytes=19999992-19999999', undefined, 'bytes=7000000-7000099']);
  assert.match(ranges[2] ?? '', /^bytes=\d+-19999999$/);
  await source.close();
});

test('a small object is fetched once, whatever is asked of it', async () => {
  await fresh();
  const before = proxy.requests.length;
  const source = byteSource(reader, { ...object, limits });
  assert.ok(body.subarray(-8).equals(await source.read(body.length - 8, body.length)));
  assert.ok(body.subarray(0, 9).equals(await source.read(0, 9)));
  assert.deepEqual(await source.finish(), { sha256, bytes: body.length });
  assert.equal(proxy.requests.length - before, 1);
  await assert.rejects(source.read(0, body.length + 1), { code: 'BAD_INPUT' });
});

test('a byte source that fails or is closed early leaves no connection behind', async () => {
  const { object: parquet } = await large();
  const source = byteSource(reader, { ...parquet, limits });
  await source.read(0, 100);
  await source.close();
  await assert.rejects(source.read(100, 5_000_000), { code: 'INTERNAL' });
  await untilTrue(async () => (await proxy.openConnections()) <= 1);
});

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'still not so after 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function untilElapsed(ms: number): Promise<void> {
  const start = performance.now();
  return untilTrue(async () => performance.now() - start >= ms);
}
