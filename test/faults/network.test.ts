import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientRolePolicies } from '../../src/aws/trust-policy.ts';
import { reprocessMany } from '../../src/ingest/reprocess.ts';
import { runWorkers } from '../../src/ingest/work/run-workers.ts';
import { type MadeDelivery, makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { type FaultAction, type FaultProxy, type ProxiedRequest, startFaultProxy } from '../support/fault-proxy.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { assertWhole, seen } from '../support/whole.ts';

const kinds = {
  csv: { layout: 'legacy-overwrite', kind: 'cur-legacy', format: 'csv.gz', costColumn: 'lineItem/UnblendedCost' },
  zip: { layout: 'legacy-overwrite', kind: 'cur-legacy', format: 'csv.zip', costColumn: 'lineItem/UnblendedCost' },
  parquet: {
    layout: 'data-export-overwrite',
    kind: 'cur2',
    format: 'parquet',
    costColumn: 'line_item_unblended_cost',
  },
} as const;
type Kind = keyof typeof kinds;

/** Far enough into a file that some of it has arrived, and far enough from its end. */
const middleBytes = 150_000;
/** Ends the connection behind bytes that arrive; a reset may take those with it that were not read yet. */
const breaks = (afterBytes: number, happens: () => Promise<unknown> = async () => undefined): FaultAction => ({
  kind: 'pause',
  afterBytes,
  run: async () => {
    await happens();
    throw new Error('the connection breaks');
  },
});

interface Faults {
  readonly actions: readonly FaultAction[];
  /** How often the read goes on behind bytes that had arrived. */
  readonly goesOn: number;
}

const faults: Readonly<Record<string, Faults>> = {
  'broken twice': { actions: [breaks(middleBytes), breaks(70_000)], goesOn: 2 },
  'reset at once and in the middle, then cut short': {
    actions: [
      { kind: 'reset', afterBytes: 0 },
      { kind: 'reset', afterBytes: middleBytes },
      { kind: 'truncate', afterBytes: 50_000 },
    ],
    goesOn: 0,
  },
  stalled: { actions: [{ kind: 'stall', afterBytes: middleBytes }], goesOn: 1 },
  'a burst of 500, 503 and SlowDown around a break': {
    actions: [
      { kind: 'status', status: 500, code: 'InternalError' },
      { kind: 'status', status: 503, code: 'SlowDown' },
      breaks(middleBytes),
      { kind: 'status', status: 503, code: 'ServiceUnavailable' },
    ],
    goesOn: 1,
  },
};

describe('whatever the network does to a file, its rows are right or it says why not', { timeout: 120_000 }, () => {
  let scene: Scene;
  let proxy: FaultProxy;
  let clients = 0;

  before(async () => {
    scene = await openScene({
      settings: { maxAttempts: 2 },
      s3Endpoint: async (endpoint) => {
        proxy = await startFaultProxy(endpoint);
        return proxy.endpoint;
      },
      aws: { maxAttempts: 1, requestTimeoutMs: 20_000, bodyStallMs: 1_500 },
    });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await proxy.close();
  });

  /** One export of one file, delivered and discovered. */
  async function newFile(kind: Kind) {
    const client = `client_${clients++}`;
    const { bucket } = await scene.addClient(client);
    const { costColumn, ...options } = kinds[kind];
    const base = { ...options, bucket, prefix: 'aws', name: 'hourly', month: '2024-02', files: 1, rows: 4_000 };
    const make = (version: number) => makeDelivery({ ...base, seed: client, version, rowGroupRows: 1_500 });
    await scene.deliver(bucket, make(1));
    const { exports } = await scene.discover(client);
    const isGet = ({ method, url }: ProxiedRequest) =>
      method === 'GET' && url.startsWith(`/${bucket}/`) && url.includes('-00001.');
    const gets = () => proxy.requests.filter(isGet).map(({ range, ifMatch }) => ({ range, ifMatch }));
    let isHealed = false;
    const heal = () => {
      isHealed = true;
    };
    const matches = (request: ProxiedRequest) => !isHealed && isGet(request);
    const inject = (action: FaultAction, times = 1) => proxy.inject({ action, times, matches });
    /** Works on this client's file alone: other tests are at theirs. */
    const drain = () =>
      runWorkers(scene.context, {
        count: 1,
        signal: AbortSignal.timeout(60_000),
        exportId: exports[0]?.id,
        untilIdle: true,
      });
    /** Breaks the read in the middle, after something happened in the client's account. */
    const breakAfter = (happens: () => Promise<unknown>) => inject(breaks(middleBytes, happens));
    return { client, bucket, costColumn, make, inject, breakAfter, heal, drain, gets };
  }

  async function fileOf(client: string) {
    const [file] = await scene.query<{ status: string; attempts: number; code: string | null; text: string | null }>(
      `select f.status::text as status, f.attempts, f.error_code as code, f.error_text as text
         from registry.file f join registry.delivery d on d.id = f.delivery_id
         join registry.export e on e.id = d.export_id join registry.client c on c.id = e.client_id
        where c.name = $1 order by f.id desc limit 1`,
      [client],
    );
    return file;
  }

  // Most of the time is spent in waiting, which many can do at once.
  describe('each file by itself', { concurrency: 6 }, () => {
    for (const kind of ['csv', 'zip', 'parquet'] as const) {
      for (const [name, { actions, goesOn }] of Object.entries(faults)) {
        test(`${kind}, ${name}: taken up where it broke, in the same attempt`, async () => {
          const { client, costColumn, make, inject, gets, drain } = await newFile(kind);
          for (const action of actions) inject(action);
          await drain();
          const file = await fileOf(client);
          assert.deepEqual([file?.status, file?.attempts, file?.text], ['INGESTED', 1, null]);
          const requests = gets();
          assert.ok(requests.every(({ ifMatch }) => ifMatch !== undefined));
          const later = requests.filter(({ range }) => /^bytes=[1-9]/.test(range ?? ''));
          assert.ok(later.length >= goesOn, `it began anew: ${JSON.stringify(requests)}`);
          await assertWhole(scene, client, { made: make(1), costColumn });
        });
      }
    }

    test('a server that fails on and on: tried again later, FAILED with its code after the last attempt, then whole', async () => {
      const { client, costColumn, make, inject, heal, drain } = await newFile('csv');
      inject({ kind: 'status', status: 500, code: 'InternalError' }, 999);
      await drain();
      const failed = await fileOf(client);
      assert.deepEqual([failed?.status, failed?.attempts, failed?.code], ['FAILED', 2, 'SERVER_ERROR']);
      assert.match(failed?.text ?? '', /gave up at byte 0 after \d+ attempts/);
      assert.deepEqual(await seen(scene, client, costColumn), []);
      heal();
      const again = await reprocessMany(scene.context, { filter: { client }, actor: 'test' });
      assert.equal(again.reprocessed.length, 1);
      await drain();
      await assertWhole(scene, client, { made: make(1), costColumn });
    });

    test('more bytes than the object has are not believed', async () => {
      const { client, costColumn, inject, drain } = await newFile('csv');
      inject({ kind: 'lengthen', extraBytes: 10 }, 999);
      await drain();
      assert.equal((await fileOf(client))?.code, 'SERVER_ERROR');
      assert.deepEqual(await seen(scene, client, costColumn), []);
    });

    for (const kind of ['csv', 'parquet'] as const) {
      test(`${kind}: an object swapped while it is read is "changed", never a mix; its restatement comes in whole`, async () => {
        const { client, bucket, costColumn, make, breakAfter, drain } = await newFile(kind);
        // Made beforehand: while it takes its time, the read would go on without it.
        const restated = await bodiesOf(make(2));
        breakAfter(async () => {
          for (const [key, body] of restated) await scene.put(bucket, key, body);
        });
        await drain();
        const failed = await fileOf(client);
        assert.deepEqual([failed?.status, failed?.code], ['FAILED', 'FILE_CHANGED']);
        assert.match(failed?.text ?? '', /changed while it was read/);
        assert.deepEqual(await seen(scene, client, costColumn), []);
        await scene.discover(client);
        await drain();
        await assertWhole(scene, client, { made: make(2), costColumn });
      });
    }

    test('a role that is taken away in the middle of a file fails it as denied, and when it is back the file comes in', async () => {
      const { client, bucket, costColumn, make, breakAfter, drain } = await newFile('csv');
      const [role] = await scene.query<{ arn: string; external: string }>(
        'select r.arn, r.external_id as external from registry.role r join registry.client c on c.id = r.client_id where c.name = $1',
        [client],
      );
      const arn = String(role?.arn);
      const policies = clientRolePolicies({
        partition: 'aws',
        bucket,
        prefix: '',
        principalArn: scene.user.arn,
        externalId: String(role?.external),
      });
      const accountId = String(arn.split(':')[4]);
      const put = (policy: unknown) =>
        scene.aws.admin.putRole({
          accountId,
          name: 'billing-reader',
          trustPolicy: policies.trustPolicy,
          policy: policy as typeof policies.permissionPolicy,
        });
      breakAfter(() => put({ Version: '2012-10-17', Statement: [] }));
      await drain();
      const failed = await fileOf(client);
      assert.deepEqual([failed?.status, failed?.code], ['FAILED', 'GET_DENIED']);
      assert.deepEqual(await seen(scene, client, costColumn), []);
      await put(policies.permissionPolicy);
      await reprocessMany(scene.context, { filter: { client }, actor: 'test' });
      await drain();
      await assertWhole(scene, client, { made: make(1), costColumn });
    });
  });

  test('a session that expires in the middle of a file is renewed, and the read goes on', async () => {
    const { client, costColumn, make, breakAfter, gets, drain } = await newFile('csv');
    const before = (await scene.aws.admin.requestLog()).counts['AssumeRole'] ?? 0;
    breakAfter(() => scene.aws.admin.advanceClock(2 * 3_600));
    await drain();
    const after = (await scene.aws.admin.requestLog()).counts['AssumeRole'] ?? 0;
    assert.equal(after, before + 2, 'one session for the job, one when it had expired');
    assert.equal((await fileOf(client))?.attempts, 1);
    assert.match(gets().at(-1)?.range ?? '', /^bytes=[1-9]/);
    await assertWhole(scene, client, { made: make(1), costColumn });
  });
});

async function bodiesOf(made: MadeDelivery): Promise<ReadonlyMap<string, Buffer>> {
  const bodies = new Map<string, Buffer>();
  for (const object of made.objects) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of object.body()) chunks.push(chunk);
    bodies.set(object.key, Buffer.concat(chunks));
  }
  return bodies;
}
