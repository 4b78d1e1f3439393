import assert from 'node:assert/strict';
import { type RunningApi, startApi } from '../../src/api/server.ts';
import { bucketSettings } from '../../src/archive/bucket/bucket-settings.ts';
import { parsePolicies } from '../../src/archive/policy/parse-policy.ts';
import { openBucketAdmin } from '../../src/aws/bucket-admin.ts';
import { readConfig } from '../../src/config.ts';
import type { IngestContext } from '../../src/ingest/context.ts';
import { openRawDatabase } from '../../src/raw/raw.ts';
import { type ArchiveScene, openArchiveScene } from '../support/archive-scene.ts';

const token = 'a-token-of-some-length';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what comes over HTTP is what the tests look into
  readonly body: any;
}

/** The service's API over the archive's scene. */
export interface ArchiveApiScene extends AsyncDisposable {
  readonly scene: ArchiveScene;
  readonly ingest: IngestContext;
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Asks until `isDone` says so. */
  until(path: string, isDone: (answer: Answer) => boolean): Promise<Answer>;
}

/** As it stands in billvault.yaml, beside what the API is told. */
const declared = {
  name: 'ledgers',
  source: 'ledger',
  tables: ['public.ledger'],
  timeColumn: 'created_at',
  classification: 'financial',
  purge: true,
  throttle: { rowsPerSecond: null, load: null },
};

export async function openArchiveApi(): Promise<ArchiveApiScene> {
  const scene = await openArchiveScene();
  const raw = await openRawDatabase({ url: scene.registryUrl, max: 2 });
  const { registry, log, now, destination } = scene.context;
  const settings = { ...readConfig({}).ingest, leaseSeconds: 30, pollSeconds: 1 };
  const ingest: IngestContext = { registry, raw, aws: scene.access, settings, log, now };
  const { accessKeyId, secretAccessKey } = scene.user;
  const { endpoint } = scene.aws;
  const aws = { s3Endpoint: endpoint, stsEndpoint: endpoint, baseCredentials: { accessKeyId, secretAccessKey } };
  const bucket = bucketSettings({
    context: scene.context,
    destination,
    openAdmin: () => openBucketAdmin(aws, destination),
  });
  const stop = new AbortController();
  const api: RunningApi = await startApi({
    ingest,
    archive: { context: scene.context, declaredPolicies: parsePolicies([declared]), bucket },
    settings: { host: '127.0.0.1', port: 0, token },
    signal: stop.signal,
  });
  const ask = (method: string, path: string, body?: unknown) => askOver(api.url, method, path, body);
  return {
    scene,
    ingest,
    ask,
    async until(path, isDone) {
      const deadline = Date.now() + 15_000;
      for (;;) {
        const answer = await ask('GET', path);
        if (isDone(answer)) return answer;
        if (Date.now() > deadline) assert.fail(`it did not happen in time: ${answer.text}`);
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await api.close();
      await raw.close();
      await scene[Symbol.asyncDispose]();
    },
  };
}

/** One request, with the token. */
export async function askOver(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const hasBody = method !== 'GET';
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(hasBody && { 'content-type': 'application/json' }) },
    ...(hasBody && { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}
