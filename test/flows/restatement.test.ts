import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { dropSuperseded } from '../../src/ingest/publish/drop-superseded.ts';
import { publishByHand } from '../../src/ingest/publish/publish-by-hand.ts';
import { type DeliveryOptions, makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { assertWhole, deliveriesOf, seen, totalOf } from '../support/whole.ts';

const costColumn = 'lineItem/UnblendedCost';
const dayMillis = 86_400_000;

describe('a restatement', { timeout: 120_000 }, () => {
  let scene: Scene;
  let clients = 0;
  let now = new Date();

  before(async () => {
    scene = await openScene({ now: () => now });
  });
  after(() => scene[Symbol.asyncDispose]());

  async function newExport(change: Partial<DeliveryOptions> = {}) {
    const client = `client_${clients++}`;
    const { bucket } = await scene.addClient(client);
    const make = (version: number, more: Partial<DeliveryOptions> = {}) =>
      makeDelivery({
        layout: 'legacy-create-new',
        kind: 'cur-legacy',
        format: 'csv.gz',
        bucket,
        prefix: 'aws',
        name: 'hourly',
        month: '2024-02',
        files: 2,
        rows: 300,
        seed: client,
        version,
        ...change,
        ...more,
      });
    const ingest = async (version: number, more: Partial<DeliveryOptions> = {}) => {
      const made = make(version, more);
      await scene.deliver(bucket, made);
      await scene.discover(client);
      await scene.drain();
      return made;
    };
    return { client, bucket, make, ingest };
  }

  const statesOf = async (client: string) => (await deliveriesOf(scene, client)).map(({ state }) => state);

  test('a reader that looks all the time sees the one or the other total, never both, never none', async () => {
    const { client, ingest, make } = await newExport({ rows: 600 });
    await ingest(1);
    await ingest(1, { month: '2024-03' });
    const other = await totalOf(scene, make(1, { month: '2024-03' }));
    const allowed = [make(1), make(2), make(3), make(4)].map((made) => made.expected().rows);
    const march = Number(other.split('/')[0]);
    const { table = '' } = (await deliveriesOf(scene, client))[0] ?? {};
    const sightings = new Set<number>();
    let isOver = false;
    const read = async () => {
      const reader = new pg.Client({ connectionString: scene.databaseUrl });
      await reader.connect();
      while (!isOver) {
        const { rows } = await reader.query<{ rows: string }>(`select count(*) as rows from raw_${client}."${table}"`);
        sightings.add(Number(rows[0]?.rows) - march);
      }
      await reader.end();
    };
    const readers = [read(), read(), read()];
    for (const version of [2, 3, 4]) await ingest(version);
    isOver = true;
    await Promise.all(readers);
    assert.deepEqual(
      [...sightings].filter((rows) => !allowed.includes(rows)),
      [],
    );
    assert.ok(sightings.size >= 2, 'the readers never saw a swap');
    assert.deepEqual(await seen(scene, client, costColumn), [await totalOf(scene, make(4)), other].sort());
  });

  test('a report that reads in one transaction keeps what it saw: the swap waits for it', async () => {
    const { client, ingest, make } = await newExport();
    await ingest(1);
    const { table = '' } = (await deliveriesOf(scene, client))[0] ?? {};
    const report = new pg.Client({ connectionString: scene.databaseUrl });
    await report.connect();
    await report.query('begin');
    const count = async () =>
      Number(
        (await report.query<{ rows: string }>(`select count(*) as rows from raw_${client}."${table}"`)).rows[0]?.rows,
      );
    const first = await count();
    const ingesting = ingest(2);
    await untilWaiting(scene);
    assert.equal(await count(), first);
    await report.query('commit');
    await report.end();
    await ingesting;
    await assertWhole(scene, client, { made: make(2), costColumn });
  });

  test('what it superseded stays readable beside it, is dropped when its days are over, and is never the last', async () => {
    const { client, ingest, make } = await newExport();
    await ingest(1);
    await ingest(2);
    assert.deepEqual(await statesOf(client), ['SUPERSEDED', 'PUBLISHED']);
    const [older] = await scene.query<{ name: string }>(
      `select format('%I.%I', schema_name, table_name) as name from billvault.delivery_table
        where schema_name = $1 and state = 'SUPERSEDED'`,
      [`raw_${client}`],
    );
    const [beside] = await scene.query<{ rows: number }>(`select count(*)::int as rows from ${older?.name}`);
    assert.equal(beside?.rows, make(1).expected().rows);
    try {
      now = new Date(Date.now() + 6 * dayMillis);
      assert.equal(await dropSuperseded(scene.context, 'test'), 0);
      now = new Date(Date.now() + 400 * dayMillis);
      assert.ok((await dropSuperseded(scene.context, 'test')) >= 1);
      assert.equal(await dropSuperseded(scene.context, 'test'), 0);
    } finally {
      now = new Date();
    }
    assert.deepEqual(await statesOf(client), ['DROPPED', 'PUBLISHED']);
    const [gone] = await scene.query<{ table: string | null }>('select to_regclass($1)::text as table', [older?.name]);
    assert.equal(gone?.table, null);
    await assertWhole(scene, client, { made: make(2), costColumn });
    const [audit] = await scene.query<{ n: number }>(
      `select count(*)::int as n from registry.audit_event where action = 'delivery.dropped' and subject = 'delivery/' || $1`,
      [(await deliveriesOf(scene, client))[0]?.id],
    );
    assert.equal(audit?.n, 1);
  });

  test('a table that cannot be dropped, or published, keeps no other from it', async () => {
    const stuck = await newExport();
    const fine = await newExport();
    for (const { ingest } of [stuck, fine]) {
      await ingest(1);
      await ingest(2);
    }
    const [name] = await scene.query<{ name: string }>(
      `select format('%I.%I', schema_name, table_name) as name from billvault.delivery_table
        where schema_name = $1 and state = 'SUPERSEDED'`,
      [`raw_${stuck.client}`],
    );
    await scene.query(`create view public.report_${stuck.client} as select count(*) from ${name?.name}`);
    try {
      now = new Date(Date.now() + 400 * dayMillis);
      await assert.rejects(dropSuperseded(scene.context, 'test'), { code: 'DATABASE', message: /depend/ });
    } finally {
      now = new Date();
    }
    assert.deepEqual(await statesOf(stuck.client), ['SUPERSEDED', 'PUBLISHED']);
    assert.deepEqual(await statesOf(fine.client), ['DROPPED', 'PUBLISHED']);

    // A table that somebody dropped by hand cannot be published; the other client's can.
    await scene.query(`drop schema raw_${stuck.client} cascade`);
    for (const { bucket, client, make } of [stuck, fine]) {
      await scene.deliver(bucket, make(3));
      await scene.discover(client);
    }
    await scene.drain().catch(() => undefined);
    await assertWhole(scene, fine.client, { made: fine.make(3), costColumn });
    await scene.query(
      'delete from registry.file where delivery_id in (select d.id from registry.delivery d join registry.export e on e.id = d.export_id join registry.client c on c.id = e.client_id where c.name = $1)',
      [stuck.client],
    );
    await scene.query(
      `delete from registry.delivery where export_id in (select e.id from registry.export e join registry.client c on c.id = e.client_id where c.name = $1)`,
      [stuck.client],
    );
  });

  test('an older delivery is made current again by hand, on record, until a newer one arrives', async () => {
    const { client, ingest, make } = await newExport();
    await ingest(1);
    await ingest(2);
    const [older, newer] = await deliveriesOf(scene, client);
    const deliveryId = Number(older?.id);
    assert.equal(await publishByHand(scene.context, { deliveryId, actor: 'alice' }), 'published');
    await assertWhole(scene, client, { made: make(1), costColumn });
    assert.equal(await publishByHand(scene.context, { deliveryId, actor: 'alice' }), 'already-published');
    const audit = await scene.query<{ actor: string; action: string }>(
      'select actor, action from registry.audit_event where subject = $1 order by id',
      [`delivery/${deliveryId}`],
    );
    assert.deepEqual(audit, [
      { actor: 'alice', action: 'delivery.publish-asked' },
      { actor: 'alice', action: 'delivery.published-by-hand' },
    ]);
    // Nothing that runs by itself takes it back.
    await scene.discover(client);
    await scene.drain();
    await assertWhole(scene, client, { made: make(1), costColumn });
    assert.deepEqual(await statesOf(client), ['PUBLISHED', 'SUPERSEDED']);
    await ingest(3);
    await assertWhole(scene, client, { made: make(3), costColumn });
    assert.deepEqual(await statesOf(client), ['SUPERSEDED', 'SUPERSEDED', 'PUBLISHED']);
    assert.ok(newer);
  });

  test('what is not whole, or not there any more, cannot be made current by hand', async () => {
    const { client, bucket, ingest, make } = await newExport();
    await ingest(1);
    await scene.deliver(bucket, make(2));
    await scene.discover(client);
    const [first, second] = await deliveriesOf(scene, client);
    const publish = (id: string | undefined) => publishByHand(scene.context, { deliveryId: Number(id), actor: 'test' });
    await assert.rejects(publish(second?.id), { code: 'ILLEGAL_STATE', message: /not whole/ });
    await scene.drain();
    try {
      now = new Date(Date.now() + 400 * dayMillis);
      await dropSuperseded(scene.context, 'test').catch(() => undefined);
    } finally {
      now = new Date();
    }
    await assert.rejects(publish(first?.id), { code: 'ILLEGAL_STATE', message: /dropped/ });
    await assert.rejects(publish('999999'), { code: 'NOT_FOUND' });
  });

  test('a delivery overtaken before it was whole is never published, and its files are not loaded', async () => {
    const { client, bucket, make, ingest } = await newExport();
    await scene.deliver(bucket, make(1));
    await scene.discover(client);
    await ingest(2);
    assert.deepEqual(await statesOf(client), ['SUPERSEDED', 'PUBLISHED']);
    const loaded = await scene.query('select 1 from billvault.loaded_file where delivery_id = $1', [
      (await deliveriesOf(scene, client))[0]?.id,
    ]);
    assert.deepEqual(loaded, []);
    await assertWhole(scene, client, { made: make(2), costColumn });
  });

  const overwritten = [
    { layout: 'legacy-overwrite', kind: 'cur-legacy', format: 'csv.gz', column: costColumn },
    { layout: 'legacy-overwrite', kind: 'cur-legacy', format: 'csv.zip', column: costColumn },
    { layout: 'data-export-overwrite', kind: 'cur2', format: 'parquet', column: 'line_item_unblended_cost' },
  ] as const;
  for (const { column, ...export_ } of overwritten) {
    for (const surplusAs of ['no-bytes', 'no-rows'] as const) {
      test(`that shrinks leaves surplus chunks behind (${export_.format}, ${surplusAs}): they are not loaded`, async () => {
        const { client, ingest, make } = await newExport(export_);
        await ingest(1, { files: 3 });
        const shrunk = { files: 1, surplusFiles: 2, surplusAs };
        await ingest(2, shrunk);
        await assertWhole(scene, client, { made: make(2, shrunk), costColumn: column });
      });
    }
  }
});

/** Until some transaction waits for a lock that another one holds. */
async function untilWaiting(scene: Scene): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const waiting = await scene.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'alter table%'`,
    );
    if (waiting.length > 0) return;
    if (Date.now() > deadline) throw new Error('the swap never waited');
  }
}
