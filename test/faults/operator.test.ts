import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dropSuperseded } from '../../src/ingest/publish/drop-superseded.ts';
import { publishByHand } from '../../src/ingest/publish/publish-by-hand.ts';
import { reprocess } from '../../src/ingest/reprocess.ts';
import { reconcile } from '../../src/ingest/work/reconcile.ts';
import { dropDelivery } from '../../src/raw/drop-delivery.ts';
import { deliveryTableOf, rawTableOf } from '../../src/raw/table-names.ts';
import { findDelivery } from '../../src/registry/delivery/find-delivery.ts';
import { claimFile } from '../../src/registry/file/claim-file.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { deliveriesOf } from '../support/whole.ts';

describe('what a clumsy operator does to one delivery', { timeout: 120_000 }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene({ settings: { keepSupersededDays: 0 } });
  });
  after(() => scene[Symbol.asyncDispose]());

  /** Two deliveries of one month: the first superseded, the second current. */
  async function restated(client: string) {
    const { bucket } = await scene.addClient(client);
    for (const body of ['a\n1\n', 'a\n2\n']) {
      await scene.put(bucket, 'in/2024-01/a.csv', body);
      await scene.discover(client, { kind: 'files' });
      await scene.drain();
    }
    const [old, current] = await deliveriesOf(scene, client);
    assert.deepEqual([old?.state, current?.state], ['SUPERSEDED', 'PUBLISHED']);
    const found = await findDelivery(scene.context.registry, Number(old?.id));
    const deliveryId = found.id;
    return { deliveryId, table: deliveryTableOf(rawTableOf(found), { ...found, deliveryId }) };
  }

  const stateOf = async (client: string) => (await deliveriesOf(scene, client)).map(({ state }) => state);

  test('a table dropped by hand keeps no service from starting, and no other delivery from being published', async () => {
    const { bucket } = await scene.addClient('hasty');
    await scene.put(bucket, 'in/2024-01/a.csv', 'a\n1\n');
    await scene.put(bucket, 'in/2024-02/a.csv', 'a\n1\n');
    await scene.discover('hasty', { kind: 'files' });
    await scene.drain();
    const [first, second] = await deliveriesOf(scene, 'hasty');
    // As after a kill between the last file and the publish, of both months.
    for (const { id, schema, table, period } of [first, second].flatMap((found) => found ?? [])) {
      const own = `${schema}.${table}__${period.slice(0, 7).replace('-', '_')}_d${id}`;
      await scene.query(`alter table ${schema}.${table} detach partition ${own}`);
      await scene.query(
        `update billvault.delivery_table set state = 'LOADING', published_at = null where delivery_id = $1`,
        [id],
      );
      if (id === first?.id) await scene.query(`drop table ${own}`);
    }
    await scene.query(`alter table registry.delivery disable trigger guard`);
    await scene.query(`update registry.delivery set state = 'PENDING', published_at = null where id = any($1)`, [
      [first?.id, second?.id],
    ]);
    await scene.query(`alter table registry.delivery enable trigger guard`);
    await reconcile(scene.context);
    assert.deepEqual(await stateOf('hasty'), ['PENDING', 'PUBLISHED']);
  });

  test('publishing what was dropped a moment before says so', async () => {
    const { deliveryId, table } = await restated('late');
    await dropDelivery(scene.context.raw.pool, table);
    const asked = publishByHand(scene.context, { deliveryId, actor: 'alice' });
    await assert.rejects(asked, { code: 'NOT_FOUND', message: /was dropped/ });
  });

  test('a superseded delivery is not dropped under the worker that reprocesses a file of it', async () => {
    const { deliveryId } = await restated('torn');
    const { files } = await findDelivery(scene.context.registry, deliveryId);
    await reprocess(scene.context, { fileId: Number(files[0]?.id), actor: 'alice' });
    const claim = { owner: 'worker', leaseSeconds: 30, maxAttempts: 8 };
    assert.equal((await claimFile(scene.context.registry, claim))?.deliveryId, deliveryId);
    await dropSuperseded(scene.context, 'test');
    assert.deepEqual(await stateOf('torn'), ['SUPERSEDED', 'PUBLISHED']);
    await scene.query('update registry.file set lease_owner = null, lease_until = null');
    await dropSuperseded(scene.context, 'test');
    assert.deepEqual(await stateOf('torn'), ['DROPPED', 'PUBLISHED']);
  });
});
