import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readObject } from '../../src/aws/resumable-read.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import {
  type ClientBucket,
  clientAccount,
  collect,
  externalId,
  listAll,
  listOne,
  openCur,
  startClientBucket,
} from './client-bucket.ts';

let client: ClientBucket;

before(async () => {
  client = await startClientBucket();
  await client.put('cur/a.csv', 'a,b\n1,2\n');
  await client.put('private/salaries.csv', 'secret');
});
after(() => client[Symbol.asyncDispose]());

test('a role is granted with its external ID, and refused without and with another', async () => {
  const aws = client.access();
  const probe = (id: string | undefined) =>
    aws.probeRole({ role: { ...client.role, externalId: id }, client: 'acme', job: 'probe' });
  assert.deepEqual(await probe(externalId), { granted: true });
  for (const id of [undefined, 'external-id-of-another']) {
    const refused = await probe(id);
    assert.ok(!refused.granted);
    assert.equal(refused.denial.code, 'ASSUME_ROLE_DENIED');
    assert.match(refused.denial.message, /arn:aws:iam::111122223333:role\/billing\/reader.*must name our principal/);
    assert.ok(!refused.denial.message.includes(externalId), 'an external ID is not for logs');
  }
  aws.close();
});

test('a session can do no more than its export needs, whatever the role may do', async () => {
  await using wide = await startClientBucket();
  await wide.put('cur/a.csv', 'a');
  await wide.put('private/salaries.csv', 'secret');
  const role = await wide.sandbox.admin.putRole({
    accountId: '111122223333',
    name: 'too-generous',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: wide.user.arn }, Action: 'sts:AssumeRole' }],
    },
    policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
  });
  const aws = wide.access();
  const reader = aws.openReader({
    role: { arn: role.arn, externalId, region: 'eu-west-1' },
    bucket: wide.bucket,
    prefix: 'cur/',
    client: 'acme',
    job: 'test',
  });
  assert.deepEqual(
    (await listAll(reader)).map(({ key }) => key),
    ['cur/a.csv'],
  );
  await assert.rejects(listAll(reader, 'private/'), { code: 'LIST_DENIED' });
  await assert.rejects(listAll(reader, ''), { code: 'LIST_DENIED' });
  await assert.rejects(reader.get('private/salaries.csv'), { code: 'GET_DENIED' });
  await assert.rejects(reader.head('private/salaries.csv'), { code: 'GET_DENIED' });
  aws.close();
});

test("the client's CloudTrail says which client and job read", async () => {
  const aws = client.access();
  await listAll(openCur(aws, client));
  const { requests } = await client.sandbox.admin.requestLog();
  assert.match(requests.at(-1)?.principal ?? '', /:assumed-role\/.*reader\/billvault-acme-test$/);
  aws.close();
});

test('access denied on a listing is LIST_DENIED, never an empty listing', async () => {
  const aws = client.access();
  const reader = aws.openReader({
    role: client.role,
    bucket: client.bucket,
    prefix: 'other/',
    client: 'acme',
    job: 'test',
  });
  await assert.rejects(listAll(reader, 'other/'), {
    code: 'LIST_DENIED',
    message: /list s3:\/\/acme-bills\/other\/: access denied; the role needs s3:ListBucket/,
  });
  aws.close();
});

test('a bucket and a key that do not exist are told apart', async () => {
  const aws = client.access();
  const elsewhere = aws.openReader({
    role: client.role,
    bucket: 'no-such-bills',
    prefix: 'cur/',
    client: 'acme',
    job: 'test',
  });
  await assert.rejects(listAll(elsewhere), { code: 'BUCKET_NOT_FOUND', message: /no-such-bills/ });
  const reader = openCur(aws, client);
  await assert.rejects(reader.head('cur/missing.csv'), { code: 'FILE_MISSING' });
  await assert.rejects(reader.get('cur/missing.csv'), { code: 'FILE_MISSING', message: /cur\/missing\.csv/ });
  aws.close();
});

test('a missing key is FILE_MISSING to who may list a prefix only, which S3 itself answers with 403', async () => {
  const aws = client.access();
  const reader = openCur(aws, client);
  await client.put('cur/missing.csv.gz', 'a longer key that starts alike');
  await assert.rejects(reader.get('cur/missing.csv'), {
    code: 'FILE_MISSING',
    message: 'read s3://acme-bills/cur/missing.csv: there is no such object',
  });
  await assert.rejects(reader.head('private/nothing.csv'), { code: 'GET_DENIED' });
  aws.close();
});

test('an object in an archive class is FILE_COLD', async () => {
  const { admin } = client.sandbox;
  await admin.putObject({
    bucket: client.bucket,
    key: 'cur/cold.csv',
    body: Buffer.from('x'),
    storageClass: 'GLACIER',
  });
  const aws = client.access();
  const reader = openCur(aws, client);
  const cold = await listOne(reader, 'cur/cold.csv');
  assert.equal(cold.storageClass, 'GLACIER');
  await assert.rejects(reader.get(cold.key), { code: 'FILE_COLD', message: /restore it first/ });
  aws.close();
});

test('an encrypted object is read by the grant that we print', async () => {
  await using encrypted = await startClientBucket();
  await putEncrypted(encrypted);
  const aws = encrypted.access();
  const { body } = await openCur(aws, encrypted).get('cur/k.csv');
  assert.equal((await collect(body)).toString(), 'x');
  aws.close();
});

test('a lack of kms:Decrypt is not a lack of s3:GetObject', async () => {
  await using encrypted = await startClientBucket();
  await putEncrypted(encrypted);
  await encrypted.sandbox.admin.putRole({
    accountId: clientAccount,
    name: 'billing/reader',
    trustPolicy: encrypted.policies.trustPolicy,
    policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
  });
  const aws = encrypted.access();
  await assert.rejects(openCur(aws, encrypted).get('cur/k.csv'), { code: 'KMS_DENIED', message: /kms:Decrypt/ });
  aws.close();
});

test('a prefix with wildcards in it grants itself, and nothing that the wildcards would match', async () => {
  const prefix = 'cur/[a*b?c]$/';
  await using odd = await startClientBucket({ prefix });
  await odd.put(`${prefix}a.csv`, 'x');
  await odd.put('cur/[a-b-c]$/a.csv', 'not granted');
  const aws = odd.access();
  const reader = openCur(aws, odd, prefix);
  assert.equal((await listAll(reader, prefix)).length, 1);
  assert.equal((await collect((await reader.get(`${prefix}a.csv`)).body)).toString(), 'x');
  await assert.rejects(reader.get('cur/[a-b-c]$/a.csv'), { code: 'GET_DENIED' });
  aws.close();
});

test('in China and GovCloud, too, an encrypted object is read by the grant that we print', async () => {
  for (const region of ['cn-north-1', 'us-gov-west-1']) {
    await using abroad = await startClientBucket({ bucketRegion: region, region });
    await putEncrypted(abroad);
    const aws = abroad.access();
    const { body } = await openCur(aws, abroad).get('cur/k.csv');
    assert.equal((await collect(body)).toString(), 'x');
    aws.close();
  }
});

test('a bucket in another region is found, and its region learned', async () => {
  await using abroad = await startClientBucket({ bucketRegion: 'ap-southeast-2' });
  await abroad.put('cur/a.csv', 'abroad');
  const aws = abroad.access();
  const reader = openCur(aws, abroad);
  assert.equal(reader.bucketRegion, 'eu-west-1');
  const [first, second] = await Promise.all([listOne(reader, 'cur/a.csv'), listOne(reader, 'cur/a.csv')]);
  assert.deepEqual(first, second);
  assert.equal(reader.bucketRegion, 'ap-southeast-2');
  assert.equal((await collect(readObject(reader, first))).toString(), 'abroad');
  assert.equal((await reader.head('cur/a.csv')).etag, first.etag);
  aws.close();
});

test('a session that expires within a long read is renewed, and the read goes on where it was', async () => {
  const body = Buffer.alloc(6_000_000, 'billing ');
  await client.put('cur/long.csv', body);
  await using proxy = await proxyOf(client);
  const aws = client.access({ endpoint: proxy.endpoint });
  const reader = openCur(aws, client);
  const object = await listOne(reader, 'cur/long.csv');
  proxy.inject({
    matches: ({ method, url }) => method === 'GET' && url.includes('long.csv'),
    action: {
      kind: 'reset',
      afterBytes: 2_500_000,
    },
  });
  let bytes = 0;
  const chunks: Uint8Array[] = [];
  for await (const chunk of readObject(reader, object)) {
    if (bytes === 0) await client.sandbox.admin.advanceClock(2 * 3_600);
    bytes += chunk.length;
    chunks.push(chunk);
  }
  assert.ok(Buffer.concat(chunks).equals(body));
  const gets = proxy.requests.filter(({ url }) => url.includes('long.csv?x-id=GetObject'));
  // the broken one, the one that the expired session was refused, the one that went on
  assert.equal(gets.length, 3);
  assert.ok(gets.slice(1).every(({ range, ifMatch }) => range?.startsWith('bytes=') && ifMatch === `"${object.etag}"`));
  assert.notEqual(gets[1]?.range, 'bytes=0-');
  aws.close();
});

test('a HEAD and a listing are renewed as well', async () => {
  const aws = client.access();
  const reader = openCur(aws, client);
  const { etag } = await reader.head('cur/a.csv');
  await client.sandbox.admin.advanceClock(2 * 3_600);
  assert.equal((await reader.head('cur/a.csv')).etag, etag);
  await client.sandbox.admin.advanceClock(2 * 3_600);
  assert.ok((await listAll(reader)).length > 0);
  aws.close();
});

test('keys with odd characters are listed and read exactly as stored', async () => {
  await using odd = await startClientBucket();
  const names = [
    'a b+c%20d.csv',
    'control\u0001\u001f.csv',
    'tab\tnew\nline\r.csv',
    '/leading',
    'double//slash',
    './dot/../dots',
    '2025-12-28T13:14:37.728Z-8c5a76cc/x.csv',
    'q?x=1&y#z',
    `quotes'"()!*~`,
    '<&>&amp;.csv',
    'ümlaut/日本/😀.csv',
    '%2F%zz',
    '+',
    ' ',
  ];
  const keys = names.map((name) => `cur/${name}`);
  for (const key of keys) await odd.put(key, key);
  const aws = odd.access();
  const reader = openCur(aws, odd);
  const listed = await listAll(reader);
  assert.deepEqual(new Set(listed.map(({ key }) => key)), new Set(keys));
  for (const object of listed) {
    assert.equal((await collect(readObject(reader, object))).toString(), object.key);
    assert.equal((await reader.head(object.key)).etag, object.etag);
  }
  aws.close();
});

test('2,500 keys are listed whole and in order, and a listing that is left early asks for no more', async () => {
  await using many = await startClientBucket();
  const keys = Array.from({ length: 2_500 }, (_, i) => `cur/${String(i).padStart(5, '0')}.csv`);
  await Promise.all(keys.map((key) => many.put(key, '')));
  const aws = many.access();
  const reader = openCur(aws, many);
  assert.deepEqual(
    (await listAll(reader)).map(({ key }) => key),
    keys,
  );
  const after = [];
  for await (const { key } of reader.list({ prefix: 'cur/', startAfter: 'cur/02489.csv' })) after.push(key);
  assert.deepEqual(after, keys.slice(2_490));

  await many.sandbox.admin.resetLog();
  for await (const _ of reader.list({ prefix: 'cur/' })) break;
  assert.ok(
    ((await many.sandbox.admin.requestLog()).counts['ListObjectsV2'] ?? 0) <= 2,
    'the page, and the one after it',
  );
  aws.close();
});

test('many readers of one client share one session and one S3 client', async () => {
  const aws = client.access();
  await client.sandbox.admin.resetLog();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      await using reader = openCur(aws, client);
      await listAll(reader);
    }),
  );
  assert.equal((await client.sandbox.admin.requestLog()).counts['AssumeRole'], 1);
  aws.close();
});

test('an evicted client serves its open reader to the end', async () => {
  const aws = client.access({ maxCachedClients: 1 });
  await using reader = openCur(aws, client);
  await listAll(reader);
  await using other = aws.openReader({
    role: client.role,
    bucket: client.bucket,
    prefix: 'cur/b',
    client: 'acme',
    job: 'test',
  });
  await listAll(other, 'cur/b');
  assert.ok((await listAll(reader)).length > 0);
  aws.close();
});

test('an abort ends a listing and a read as CANCELLED', async () => {
  const aws = client.access();
  const reader = openCur(aws, client);
  const listing = reader.list({ prefix: 'cur/', signal: AbortSignal.abort() });
  await assert.rejects(
    async () => {
      for await (const _ of listing);
    },
    { code: 'CANCELLED' },
  );
  const object = await listOne(reader, 'cur/a.csv');
  await assert.rejects(collect(readObject(reader, { ...object, signal: AbortSignal.abort() })), { code: 'CANCELLED' });
  aws.close();
});

test('what cannot be right is refused before anything is sent', () => {
  const aws = client.access();
  const open =
    (role: object, more = {}) =>
    () =>
      aws.openReader({
        role: { ...client.role, ...role },
        bucket: 'b',
        prefix: '',
        client: 'acme',
        job: 'test',
        ...more,
      });
  assert.throws(open({ arn: 'reader' }), { code: 'BAD_INPUT' });
  assert.throws(open({ region: 'cn-north-1' }), { code: 'BAD_INPUT' });
  assert.throws(open({}, { bucketRegion: 'us-gov-west-1' }), { code: 'BAD_INPUT' });
  assert.throws(open({}, { prefix: 'p'.repeat(1_000) }), { code: 'BAD_INPUT' });
  aws.close();
});

async function proxyOf({ sandbox }: ClientBucket) {
  const proxy = await startFaultProxy(sandbox.endpoint);
  return { ...proxy, [Symbol.asyncDispose]: () => proxy.close() };
}

async function putEncrypted({ sandbox, bucket }: ClientBucket): Promise<void> {
  const kmsKeyId = '11111111-2222-3333-4444-555555555555';
  await sandbox.admin.putObject({ bucket, key: 'cur/k.csv', body: Buffer.from('x'), kmsKeyId });
}
