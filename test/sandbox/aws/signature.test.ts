import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { GetObjectCommand, HeadObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { bucketName, clientAccount, type Fixture, refused, startFixture } from './fixture.ts';

let fixture: Fixture;

before(async () => {
  fixture = await startFixture();
  await fixture.sandbox.admin.createBucket({ name: bucketName, accountId: clientAccount });
});
after(() => fixture[Symbol.asyncDispose]());

test('a request signed with a wrong secret is refused', async () => {
  const s3 = fixture.s3({ ...fixture.owner, secretAccessKey: 'not-the-secret' });
  await refused(s3.send(new ListBucketsCommand({})), 'SignatureDoesNotMatch');
  await refused(s3.send(new PutObjectCommand({ Bucket: bucketName, Key: 'a', Body: 'x' })), 'SignatureDoesNotMatch');
});

test('an unknown access key is refused', async () => {
  const s3 = fixture.s3({ ...fixture.owner, accessKeyId: 'AKIAUNKNOWN' });
  await refused(s3.send(new ListBucketsCommand({})), 'InvalidAccessKeyId');
});

test('a token that does not belong to the key is refused', async () => {
  const s3 = fixture.s3({ ...fixture.owner, sessionToken: 'made-up' });
  await refused(s3.send(new ListBucketsCommand({})), 'InvalidToken');
});

test('an unsigned request is refused', async () => {
  assert.equal((await fetch(`${fixture.sandbox.endpoint}/${bucketName}?list-type=2`)).status, 403);
});

test('a request from a clock that is off by more than 15 minutes is refused', async () => {
  const s3 = fixture.s3(fixture.owner, { systemClockOffset: -16 * 60 * 1000 });
  await refused(s3.send(new ListBucketsCommand({})), 'RequestTimeTooSkewed');
});

test('the scope of the signature must name the region that the host names', async () => {
  const answer = await send({ path: '/', host: 's3.eu-west-1.localhost' });
  assert.equal(answer.status, 400);
  assert.match(answer.body, /<Code>AuthorizationHeaderMalformed<.*<Region>eu-west-1</);
});

test('virtual-host style names the bucket by the host', async () => {
  const put = await send({ method: 'PUT', path: '/by%20host//key', host: `${bucketName}.localhost`, body: 'hosted' });
  assert.equal(put.status, 200, put.body);
  const s3 = fixture.s3(fixture.owner);
  const got = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: 'by host//key' }));
  assert.equal(await got.Body?.transformToString(), 'hosted');
});

test('a body other than the one that was signed is refused, and nothing is stored', async () => {
  const answer = await send({ method: 'PUT', path: `/${bucketName}/tampered`, body: 'sent', signedBody: 'signed' });
  assert.match(answer.body, /<Code>XAmzContentSHA256Mismatch</);
  await refused(fixture.s3(fixture.owner).send(new HeadObjectCommand({ Bucket: bucketName, Key: 'tampered' })), 404);
});

test('an x-amz header added after signing is refused', async () => {
  const answer = await send({ method: 'PUT', path: `/${bucketName}/a`, body: '', unsigned: { 'x-amz-meta-a': 'b' } });
  assert.match(answer.body, /<Code>AccessDenied<.*<HeadersNotSigned>x-amz-meta-a</);
});

test('a query parameter changed after signing is refused', async () => {
  const answer = await send({
    path: `/${bucketName}?list-type=2&prefix=a`,
    sentPath: `/${bucketName}?list-type=2&prefix=b`,
  });
  assert.match(answer.body, /<Code>SignatureDoesNotMatch</);
});

test('a signed chunked body is taken when every chunk is as signed, and refused when one is not', async () => {
  const good = await sendChunked('chunked', ['first chunk ', 'second chunk'], (wire) => wire);
  assert.equal(good.status, 200, good.body);
  const s3 = fixture.s3(fixture.owner);
  const got = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: 'chunked' }));
  assert.equal(await got.Body?.transformToString(), 'first chunk second chunk');
  const bad = await sendChunked('chunked-bad', ['first chunk ', 'second chunk'], (wire) =>
    wire.replace('second', 'SECOND'),
  );
  assert.match(bad.body, /<Code>SignatureDoesNotMatch</);
  const short = await sendChunked('chunked-short', ['first chunk '], (wire) => wire.slice(0, wire.lastIndexOf('0;')));
  assert.match(short.body, /<Code>IncompleteBody</);
  await refused(s3.send(new HeadObjectCommand({ Bucket: bucketName, Key: 'chunked-bad' })), 404);
  await refused(s3.send(new HeadObjectCommand({ Bucket: bucketName, Key: 'chunked-short' })), 404);
});

test('a presigned URL works until it is over, and for what was signed only', async () => {
  await fixture.sandbox.admin.putObject({ bucket: bucketName, key: 'shared', body: Buffer.from('shared') });
  const url = presign(`/${bucketName}/shared`, 60, new Date());
  assert.equal(await (await fetch(url)).text(), 'shared');
  assert.equal((await fetch(url.replace('shared', 'other'))).status, 403);
  const old = await fetch(presign(`/${bucketName}/shared`, 60, new Date(Date.now() - 120_000)));
  assert.match(await old.text(), /past its time/);
});

/* A signer of our own, written from AWS's description, so that the SDK's and the server's agreement is not all there is. */

const emptyHash = sha256('');

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly sentPath?: string;
  readonly host?: string;
  readonly body?: string;
  readonly signedBody?: string;
  readonly unsigned?: Readonly<Record<string, string>>;
}

function send(sent: Sent): Promise<{ readonly status: number; readonly body: string }> {
  const url = new URL(sent.path, fixture.sandbox.endpoint);
  const host = sent.host === undefined ? url.host : `${sent.host}:${url.port}`;
  const payloadHash = sha256(sent.signedBody ?? sent.body ?? '');
  const { headers } = sign({ method: sent.method ?? 'GET', url, host, payloadHash, more: {} });
  const options = {
    method: sent.method ?? 'GET',
    path: sent.sentPath ?? sent.path,
    headers: { ...headers, ...sent.unsigned },
  };
  return exchange(options, sent.body ?? '');
}

function sendChunked(key: string, chunks: readonly string[], damage: (wire: string) => string) {
  const url = new URL(`/${bucketName}/${key}`, fixture.sandbox.endpoint);
  const more = { 'x-amz-decoded-content-length': String(chunks.join('').length) };
  const payloadHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const signed = sign({ method: 'PUT', url, host: url.host, payloadHash, more });
  let previous = signed.signature;
  const frames = [...chunks, ''].map((chunk) => {
    const parts = ['AWS4-HMAC-SHA256-PAYLOAD', signed.timestamp, signed.scope, previous, emptyHash, sha256(chunk)];
    previous = createHmac('sha256', signed.key).update(parts.join('\n')).digest('hex');
    return `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}\r\n`;
  });
  return exchange({ method: 'PUT', path: url.pathname, headers: signed.headers }, damage(frames.join('')));
}

function presign(path: string, expiresSeconds: number, at: Date): string {
  const url = new URL(path, fixture.sandbox.endpoint);
  const timestamp = amzDate(at);
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${fixture.owner.accessKeyId}/${scope}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(expiresSeconds),
    'X-Amz-SignedHeaders': 'host',
  });
  const canonical = `GET\n${url.pathname}\n${query}\nhost:${url.host}\n\nhost\nUNSIGNED-PAYLOAD`;
  const signature = finish(signingKey(timestamp), timestamp, scope, canonical);
  return `${url.href}?${query}&X-Amz-Signature=${signature}`;
}

interface ToSign {
  readonly method: string;
  readonly url: URL;
  readonly host: string;
  readonly payloadHash: string;
  readonly more: Readonly<Record<string, string>>;
}

function sign({ method, url, host, payloadHash, more }: ToSign) {
  const timestamp = amzDate(new Date());
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signed: Record<string, string> = {
    host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': timestamp,
    ...more,
  };
  const names = Object.keys(signed).sort();
  const canonical = [
    method,
    url.pathname,
    [...url.searchParams]
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${signed[name]}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const key = signingKey(timestamp);
  const signature = finish(key, timestamp, scope, canonical);
  const authorization = `AWS4-HMAC-SHA256 Credential=${fixture.owner.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers: { ...signed, authorization }, key, timestamp, scope, signature };
}

function signingKey(timestamp: string): Buffer {
  const steps = [timestamp.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
  let key: Buffer = Buffer.from(`AWS4${fixture.owner.secretAccessKey}`);
  for (const step of steps) key = createHmac('sha256', key).update(step).digest();
  return key;
}

function finish(key: Buffer, timestamp: string, scope: string, canonical: string): string {
  const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
  return createHmac('sha256', key).update(toSign).digest('hex');
}

function amzDate(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d+/g, '');
}

function sha256(data: string): string {
  return createHash('sha256').update(data).digest('hex');
}

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function exchange(options: Exchange, body: string): Promise<{ readonly status: number; readonly body: string }> {
  const { hostname, port } = new URL(fixture.sandbox.endpoint);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, ...options, headers: { ...options.headers, 'content-length': Buffer.byteLength(body) } },
      async (response) => {
        const pieces: Buffer[] = [];
        for await (const piece of response) pieces.push(piece);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
