import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { statusOf } from '../../src/api/errors.ts';
import { type RunningApi, startApi } from '../../src/api/server.ts';
import { errorCodes } from '../../src/errors.ts';
import { makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { openScene, type Scene } from '../support/scene.ts';

const token = 'a-token-of-some-length';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what comes over HTTP is what the tests look into
  readonly body: any;
}

let scene: Scene;
let api: RunningApi;
const stop = new AbortController();

before(async () => {
  scene = await openScene();
});
after(async () => {
  stop.abort();
  await scene[Symbol.asyncDispose]();
});

function open(withToken: boolean): Promise<RunningApi> {
  const settings = { host: '127.0.0.1', port: 0, token: withToken ? token : undefined };
  return startApi({ ingest: scene.context, settings, signal: stop.signal });
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const hasBody = method !== 'GET';
  const response = await fetch(api.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(hasBody && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(hasBody && { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) assert.fail('it did not happen in time');
  }
}

describe('the flow over HTTP', () => {
  before(async () => {
    api = await open(true);
  });
  after(() => api.close());

  test('client, role, preflight, discover, run and status, as on the command line', async () => {
    const { aws, user } = scene;
    const account = '111122223333';
    const bucket = 'acme-bills';
    await aws.admin.createBucket({ name: bucket, accountId: account, region: 'eu-west-1' });
    const created = await ask('POST', '/v1/clients', { name: 'acme', title: 'Acme Inc.' });
    assert.equal(created.status, 201);
    const arn = `arn:aws:iam::${account}:role/billvault`;
    const role = await ask('POST', '/v1/clients/acme/roles', { arn, region: 'eu-west-1' });
    assert.equal(role.status, 201);
    const { externalId, id } = role.body.data;
    assert.match(externalId, /^billvault-/);
    assert.equal((await ask('GET', `/v1/clients/acme/roles/${id}`)).body.data.externalId, externalId);
    assert.equal((await ask('GET', '/v1/clients/acme/roles')).body.data[0].externalId, undefined);

    const refused = await ask('POST', '/v1/clients/acme/discover', { bucket, from: '2024-01' });
    assert.deepEqual([refused.status, refused.body.error.code], [424, 'ASSUME_ROLE_DENIED']);

    const Condition = { StringEquals: { 'sts:ExternalId': externalId } };
    const trust = { Effect: 'Allow', Principal: { AWS: user.arn }, Action: 'sts:AssumeRole', Condition };
    const read = { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetObject'], Resource: '*' };
    const policy = (statement: object) => ({ Version: '2012-10-17', Statement: [statement] });
    await aws.admin.putRole({
      accountId: account,
      name: 'billvault',
      trustPolicy: policy(trust),
      policy: policy(read),
    });
    const made = { layout: 'data-export-overwrite', kind: 'cur2', format: 'csv.gz', bucket, prefix: 'x' } as const;
    const delivery = makeDelivery({ ...made, name: 'hourly', month: '2024-03', rows: 50, files: 2, seed: 'api' });
    await scene.deliver(bucket, delivery);

    const preflight = await ask('POST', '/v1/clients/acme/preflight', { bucket, prefix: 'x/' });
    assert.equal(preflight.body.data.ok, true);
    const found = await ask('POST', '/v1/clients/acme/discover', { bucket, prefix: 'x/', from: '2024-03' });
    assert.equal(found.status, 200);
    const [{ name }] = found.body.data.exports;
    assert.equal((await ask('GET', `/v1/exports/acme/${name}`)).body.data.rawTable, `raw_acme.${name}`);

    const run = await ask('POST', `/v1/exports/acme/${name}/run`, { from: '2024-03' });
    assert.equal(run.status, 202);
    const ended = await until(async () => {
      const { body } = await ask('GET', `/v1/runs/${run.body.data.runId}`);
      return body.data.finishedAt === null ? undefined : body.data;
    });
    assert.deepEqual([ended.trigger, ended.errorCode], ['api', null]);

    assert.deepEqual((await ask('GET', '/health')).body.data.queue, { waiting: 2, underWay: 0, failed: 0 });
    await scene.drain();
    const status = await ask('GET', '/v1/status?client=acme');
    assert.equal(status.body.data[0].state, 'PUBLISHED');
    assert.equal(status.body.data[0].rows, 50);
    const audit = await ask('GET', '/v1/audit?subject=client/acme');
    assert.deepEqual(
      audit.body.data.map(({ action, actor }: { action: string; actor: string }) => `${actor} ${action}`),
      ['api role.preflight', 'api role.created', 'api client.created'],
    );
  });

  test('lists come page by page, each row once', async () => {
    const seen: number[] = [];
    let next: number | null = null;
    do {
      const { body } = await ask('GET', `/v1/files?limit=1${next === null ? '' : `&cursor=${next}`}`);
      seen.push(...body.data.map(({ id }: { id: number }) => id));
      next = body.next;
    } while (next !== null && seen.length < 10);
    assert.equal(seen.length, 2);
    assert.equal(new Set(seen).size, 2);
  });

  test('a file is reprocessed by its number and by filter, and says so', async () => {
    const { body } = await ask('GET', '/v1/files?status=INGESTED');
    const [{ id }] = body.data;
    const again = await ask('POST', `/v1/files/${id}/reprocess`);
    assert.deepEqual([again.status, again.body.data.status], [200, 'NEW']);
    const twice = await ask('POST', `/v1/files/${id}/reprocess`);
    assert.deepEqual([twice.status, twice.body.error.code], [409, 'ILLEGAL_STATE']);
    const many = await ask('POST', '/v1/files/reprocess', { client: 'acme', status: 'INGESTED' });
    assert.equal(many.body.data.reprocessed.length, 1);
    assert.equal((await ask('POST', '/v1/files/reprocess')).status, 400, 'not everything by mistake');
    await scene.drain();
    assert.equal((await ask('GET', `/v1/files/${id}`)).body.data.events[0].action, 'file.reprocessed');
  });

  test("an export's settings are checked and changed", async () => {
    const [{ name }] = (await ask('GET', '/v1/exports?client=acme')).body.data;
    const path = `/v1/exports/acme/${name}`;
    const changed = await ask('PATCH', path, { enabled: false, schedule: '5 4 * * *' });
    assert.deepEqual([changed.body.data.enabled, changed.body.data.schedule], [false, '5 4 * * *']);
    for (const wrong of [{}, { schedule: 'noon' }, { settleDays: -1 }, { enabled: 'no' }, { id: 7 }]) {
      assert.equal((await ask('PATCH', path, wrong)).status, 400, JSON.stringify(wrong));
    }
  });
});

describe('who may ask', () => {
  afterEach(() => api.close());

  test('with a token set, nothing under /v1 is answered without it; health is', async () => {
    api = await open(true);
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
      const { status, headers, body } = await ask('GET', '/v1/clients', undefined, { authorization });
      assert.deepEqual([status, body.error.code], [401, 'UNAUTHORIZED'], authorization);
      assert.equal(headers.get('www-authenticate'), 'Bearer');
    }
    assert.equal((await ask('GET', '/health', undefined, { authorization: '' })).status, 200);
    assert.equal(
      (await ask('GET', '/v1/nothing', undefined, { authorization: '' })).status,
      401,
      'not even what exists',
    );
  });

  test('without a token, only a loopback name is answered: a page cannot reach us by a name of its own', async () => {
    api = await open(false);
    assert.equal((await ask('GET', '/v1/clients')).status, 200);
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'evil.example:8080', 'localhost.']) {
      assert.equal(await statusWithHost(host), 403, host);
    }
    assert.equal(await statusWithHost('localhost:1'), 200);
    assert.equal(await statusWithHost('[::1]:1'), 200);
  });

  test('a form of another site changes nothing', async () => {
    api = await open(false);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'text/plain; application/json',
    ]) {
      const { status } = await ask('POST', '/v1/clients', '{"name":"forged"}', { 'content-type': type });
      assert.equal(status, 415, type);
    }
    const { body, headers } = await ask('GET', '/v1/clients', undefined, { origin: 'https://evil.example' });
    assert.ok(body.data.every(({ name }: { name: string }) => name !== 'forged'));
    assert.equal(headers.get('access-control-allow-origin'), null);
  });
});

describe('hostile and wrong input is refused by name, and changes nothing', () => {
  beforeEach(async () => {
    api = await open(true);
  });
  afterEach(() => api.close());

  const cases: readonly (readonly [method: string, path: string, body: unknown, status: number, message: RegExp])[] = [
    ['POST', '/v1/clients', { name: "x'; drop schema registry cascade; --" }, 400, /client name/],
    ['POST', '/v1/clients', { title: 'no name' }, 400, /^body: name: /],
    ['POST', '/v1/clients', { name: 'ok', admin: true }, 400, /admin/],
    ['POST', '/v1/clients', { name: ['ok'] }, 400, /^body: name: /],
    ['POST', '/v1/clients', '{"name":', 400, /^the body is not JSON/],
    ['POST', '/v1/clients', '"text"', 400, /^body: /],
    ['POST', '/v1/clients', '{"__proto__":{"name":"x"}}', 400, /^body: /],
    ['POST', '/v1/clients', `{"name":"${'x'.repeat(70_000)}"}`, 413, /65536 bytes/],
    ['POST', '/v1/clients', '['.repeat(60_000), 400, /JSON/],
    ['POST', '/v1/clients/nobody/roles', { arn: 'arn:aws:iam::111122223333:role/x' }, 404, /no client "nobody"/],
    ['POST', '/v1/clients/acme/roles', { arn: 'arn:aws:s3:::x' }, 400, /not the ARN of an IAM role/],
    ['POST', '/v1/clients/acme/discover', { bucket: '*' }, 400, /no bucket name/],
    ['POST', '/v1/clients/acme/discover', { bucket: 'abc', from: '2024' }, 400, /^body: from: give a month/],
    ['POST', '/v1/clients/acme/discover', { bucket: 'abc', kind: 'cur2' }, 400, /^body: kind: /],
    ['DELETE', '/v1/clients/nobody', {}, 404, /no client/],
    ['GET', '/v1/clients/%00/roles', undefined, 400, /NUL/],
    ['GET', '/v1/clients/%ff/roles', undefined, 404, /no client/],
    ['GET', '/v1/files/1e3', undefined, 400, /^path: id: give a whole number/],
    ['GET', '/v1/files/99999999999999999999', undefined, 400, /^path: id: /],
    ['GET', '/v1/files/9007199254740991', undefined, 404, /no file 9007199254740991/],
    ...['clients', 'clients/acme/roles', 'exports', 'warnings'].map(
      (list) => ['GET', `/v1/${list}?cursor=2147483648`, undefined, 400, /^query: cursor: give a whole/] as const,
    ),
    ['GET', '/v1/clients/acme/roles/2147483648', undefined, 400, /^path: id: give a whole/],
    ['GET', '/v1/files?limit=1001', undefined, 400, /^query: limit: give a whole number from 1 to 1000/],
    ['GET', '/v1/files?limit=1&limit=2', undefined, 400, /limit: give it once/],
    ['GET', '/v1/files?state=NEW', undefined, 400, /state/],
    ['GET', '/v1/files?errorCode=NOPE', undefined, 400, /^query: errorCode: /],
    ['GET', '/v1/files?client=%27%20or%20true--', undefined, 200, /^$/],
    ['GET', '/v1/deliveries?client=%27%20or%20true--', undefined, 200, /^$/],
    ['GET', '/v1/deliveries?period=2024-02-30', undefined, 400, /^query: period: give a month/],
    ['POST', '/v1/deliveries/123456/publish', {}, 404, /no delivery 123456/],
    ['GET', '/v1/runs/123456', undefined, 404, /no run 123456/],
    ['PATCH', '/v1/exports/acme/none', { enabled: true }, 404, /no export acme\/none/],
    ['GET', '/v2/clients', undefined, 404, /there is no GET \/v2\/clients/],
    ['PUT', '/v1/clients', {}, 404, /there is no PUT/],
  ];
  for (const [method, path, body, status, message] of cases) {
    const shown = JSON.stringify(body)?.slice(0, 50) ?? '';
    test(`${method} ${path} ${shown} → ${status}`, async () => {
      const answer = await ask(method, path, body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.match(answer.body.error?.message ?? '', message);
      if (status === 200) assert.deepEqual(answer.body.data, []);
    });
  }

  test('a body without end is cut off at the limit, not held', async () => {
    const outcome = await endlessBody();
    assert.ok(outcome.sentBytes < 50_000_000, `${outcome.sentBytes} bytes were taken`);
    assert.equal(outcome.status, 413);
  });
});

test('every error code has its HTTP status, and none is taken for success', () => {
  for (const code of errorCodes) assert.ok(statusOf(code) >= 400, code);
});

test('health says which database does not answer, and does not wait for it', async () => {
  const broken = { ...scene.context, raw: { pool: { query: () => new Promise(() => undefined) } } };
  const ingest = broken as unknown as typeof scene.context;
  api = await startApi({ ingest, settings: { host: '127.0.0.1', port: 0 }, signal: stop.signal });
  const { status, body } = await ask('GET', '/health');
  assert.deepEqual([status, body.data.registry, body.data.raw], [503, 'ok', 'unreachable']);
  await api.close();
});

function statusWithHost(host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const url = new URL(`${api.url}/v1/clients`);
  const outgoing = request(url, { headers: { host }, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  outgoing.on('error', reject).end();
  return promise;
}

/** Sends chunks until the server answers or breaks the connection. */
function endlessBody(): Promise<{ readonly status: number; readonly sentBytes: number }> {
  const { promise, resolve } = Promise.withResolvers<{ status: number; sentBytes: number }>();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  let sentBytes = 0;
  let status = 0;
  const outgoing = request(new URL(`${api.url}/v1/clients`), { method: 'POST', headers, agent: false }, (response) => {
    status = response.statusCode ?? 0;
    response.resume();
    outgoing.destroy();
  });
  const chunk = Buffer.alloc(65_536, ' ');
  const send = () => {
    while (!outgoing.destroyed && sentBytes < 100_000_000) {
      sentBytes += chunk.length;
      if (!outgoing.write(chunk)) return;
    }
  };
  outgoing.on('drain', send).on('error', () => undefined);
  outgoing.on('close', () => resolve({ status, sentBytes }));
  send();
  return promise;
}
