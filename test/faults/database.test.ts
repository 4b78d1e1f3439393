import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { reprocess } from '../../src/ingest/reprocess.ts';
import { makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { type PostgresFault, type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { assertWhole, deliveriesOf } from '../support/whole.ts';

const costColumn = 'lineItem/UnblendedCost';

describe('a broken connection to PostgreSQL loses and doubles nothing', { timeout: 120_000 }, () => {
  let scene: Scene;
  let proxy: PostgresProxy;
  let clients = 0;

  before(async () => {
    scene = await openScene({
      rawUrl: async (url) => {
        proxy = await startPostgresProxy(url);
        return proxy.url;
      },
    });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await proxy.close();
  });

  async function newClient(format: 'csv.gz' | 'csv.zip' = 'csv.gz') {
    const client = `client_${clients++}`;
    const { bucket } = await scene.addClient(client);
    const layout = 'legacy-create-new';
    const options = { layout, kind: 'cur-legacy', format, bucket, prefix: 'aws', name: 'hourly' } as const;
    const make = (version: number) =>
      makeDelivery({ ...options, month: '2024-02', files: 2, rows: 800, seed: client, version });
    return { client, bucket, make };
  }

  const injected = (fault: PostgresFault) => {
    const hits = proxy.hits();
    proxy.inject(fault);
    return () => assert.equal(proxy.hits(), hits + 1, 'the fault was never met');
  };

  for (const kind of ['terminate-mid-copy', 'cut-before-commit', 'lose-commit-answer'] as const) {
    test(`a load: ${kind}; the attempt is not counted against the file`, async () => {
      const { client, bucket, make } = await newClient();
      await scene.deliver(bucket, make(1));
      await scene.discover(client);
      await scene.aws.admin.resetLog();
      const assertHit = injected({ kind, statement: 'copy "raw_' });
      await scene.drain();
      assertHit();
      // What is known to be in is not read a second time. (At most: the stand-in notes a request once it has answered it.)
      const reads = (await scene.aws.admin.requestLog()).counts['GetObject'] ?? 0;
      assert.ok(reads <= (kind === 'lose-commit-answer' ? 2 : 3), `${reads} reads`);
      await assertWhole(scene, client, { made: make(1), costColumn });
      const files = await filesOf(scene, client);
      assert.ok(files.every(({ attempts }) => attempts <= 1));
    });

    test(`the reprocess of a published file: ${kind}`, async () => {
      const { client, bucket, make } = await newClient('csv.zip');
      await scene.deliver(bucket, make(1));
      await scene.discover(client);
      await scene.drain();
      for (const { id } of await filesOf(scene, client)) await reprocess(scene.context, { fileId: id, actor: 'test' });
      const assertHit = injected({ kind, statement: 'copy "raw_' });
      await scene.drain();
      assertHit();
      await assertWhole(scene, client, { made: make(1), costColumn });
    });
  }

  for (const kind of ['cut-before-commit', 'lose-commit-answer'] as const) {
    test(`a swap: ${kind}; registry and raw database agree afterwards`, async () => {
      const { client, bucket, make } = await newClient();
      for (const version of [1, 2]) {
        await scene.deliver(bucket, make(version));
        await scene.discover(client);
        const assertHit = version === 1 ? () => undefined : injected({ kind, statement: 'attach partition' });
        await scene.drain();
        assertHit();
      }
      await assertWhole(scene, client, { made: make(2), costColumn });
      assert.deepEqual(
        (await deliveriesOf(scene, client)).map(({ state }) => state),
        ['SUPERSEDED', 'PUBLISHED'],
      );
    });
  }

  test('a column added in a transaction whose answer is lost is there once', async () => {
    const { client, bucket, make } = await newClient();
    await scene.deliver(bucket, make(1));
    await scene.discover(client);
    const assertHit = injected({ kind: 'lose-commit-answer', statement: 'insert into billvault.raw_column' });
    await scene.drain();
    assertHit();
    await assertWhole(scene, client, { made: make(1), costColumn });
  });
});

function filesOf(scene: Scene, client: string): Promise<readonly { readonly id: number; readonly attempts: number }[]> {
  return scene.query(
    `select f.id::int as id, f.attempts from registry.file f join registry.delivery d on d.id = f.delivery_id
       join registry.export e on e.id = d.export_id join registry.client c on c.id = e.client_id where c.name = $1`,
    [client],
  );
}
