import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { discoverExport } from '../../src/ingest/discover/discover-export.ts';
import { type DeliveryOptions, makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { makeZip } from '../fixtures/decode/zip-maker.ts';
import { type ClientPlace, openScene, region, type Scene } from '../support/scene.ts';
import { assertWhole, deliveriesOf, seen, totalOf } from '../support/whole.ts';

/*
 * What went wrong in other people's ingesters, through the whole flow. Covered elsewhere: restatements appended
 * (restatement.test.ts); surplus chunks (there, too); empty, colliding and too many columns (shapes.test.ts); sessions that
 * expire in a long download (../faults/network.test.ts, ../aws/access.test.ts); gzip's own size past 4 GiB, zip's claims
 * and 64-bit sizes (../ingest/decode); memory (bad-input.test.ts, bench); unpadded months, keys with and without a leading
 * slash (../ingest/discover).
 */
const costColumn = 'lineItem/UnblendedCost';

describe('known bugs of others', { timeout: 120_000 }, () => {
  let scene: Scene;
  let clients = 0;
  let now = new Date();
  before(async () => {
    scene = await openScene({ now: () => now });
  });
  after(() => scene[Symbol.asyncDispose]());

  async function newClient(prefix?: string, place?: ClientPlace) {
    const client = `client_${clients++}`;
    const { bucket } = await scene.addClient(client, prefix, place);
    return { client, bucket };
  }

  async function newExport(change: Partial<DeliveryOptions> = {}, place?: ClientPlace) {
    const { client, bucket } = await newClient('', place);
    const make = (more: Partial<DeliveryOptions> = {}) =>
      makeDelivery({
        layout: 'legacy-create-new',
        kind: 'cur-legacy',
        format: 'csv.gz',
        bucket,
        prefix: 'aws',
        name: 'hourly',
        month: '2024-02',
        files: 2,
        rows: 60,
        seed: client,
        ...change,
        ...more,
      });
    return { client, bucket, make };
  }

  async function ingest(client: string): Promise<void> {
    await scene.discover(client);
    await scene.drain();
  }

  const filesOf = (client: string) =>
    scene.query<{ key: string; status: string; code: string | null; text: string | null }>(
      `select f.key, f.status::text as status, f.error_code as code, f.error_text as text
         from registry.file f join registry.delivery d on d.id = f.delivery_id join registry.export e on e.id = d.export_id
         join registry.client c on c.id = e.client_id where c.name = $1 order by d.id, f.ordinal`,
      [client],
    );

  test('only the last key of the manifest was kept: every listed file comes in', async () => {
    const { client, bucket, make } = await newExport({ files: 7, rows: 70 });
    await scene.deliver(bucket, make());
    await ingest(client);
    await assertWhole(scene, client, { made: make(), costColumn });
  });

  test('a path that differs in upper and lower case only doubled the cost: two exports, two tables, and a warning', async () => {
    const { client, bucket, make } = await newExport();
    await scene.deliver(bucket, make());
    await scene.deliver(bucket, make({ prefix: 'AWS' }));
    const { exports, warnings } = await scene.discover(client);
    await scene.drain();
    assert.equal(new Set(exports.map(({ tableName }) => tableName)).size, 2);
    assert.deepEqual(await seen(scene, client, costColumn), [
      await totalOf(scene, make()),
      await totalOf(scene, make()),
    ]);
    const codes = warnings.map(({ code }) => code as string);
    assert.ok(codes.includes('SAME_MONEY_TWICE'), codes.join());
    const stored = await scene.query(
      'select 1 from registry.warning w join registry.client c on c.id = w.client_id where c.name = $1',
      [client],
    );
    assert.equal(stored.length, warnings.length);
  });

  test("on the 1st only the new month was polled: a closed month's last restatement is found by the schedule", async () => {
    const { client, bucket, make } = await newExport();
    try {
      now = new Date('2024-02-28T12:00:00Z');
      await scene.deliver(bucket, make());
      await ingest(client);
      const [{ id } = { id: 0 }] = await scene.query<{ id: number }>(
        'select e.id from registry.export e join registry.client c on c.id = e.client_id where c.name = $1',
        [client],
      );
      await scene.query(`update registry.export set discovered_at = '2024-02-28T12:00:00Z' where id = $1`, [id]);
      now = new Date('2024-03-14T00:05:00Z');
      await scene.deliver(bucket, make({ version: 2 }));
      await discoverExport(scene.context, { exportId: id, trigger: 'schedule', actor: 'test' });
      await scene.drain();
    } finally {
      now = new Date();
    }
    await assertWhole(scene, client, { made: make({ version: 2 }), costColumn });
  });

  test('AccessDenied was taken for "no file": revoked access is an error, and what is in stays', async () => {
    const { client, bucket, make } = await newExport();
    await scene.deliver(bucket, make());
    await ingest(client);
    const [role] = await scene.query<{ arn: string; external: string }>(
      'select r.arn, r.external_id as external from registry.role r join registry.client c on c.id = r.client_id where c.name = $1',
      [client],
    );
    await scene.aws.admin.putRole({
      accountId: String(role?.arn.split(':')[4]),
      name: 'billing-reader',
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: scene.user.arn }, Action: 'sts:AssumeRole' }],
      },
      policy: { Version: '2012-10-17', Statement: [] },
    });
    await assert.rejects(scene.discover(client), { code: 'LIST_DENIED' });
    const [{ id } = { id: 0 }] = await scene.query<{ id: number }>(
      'select e.id from registry.export e join registry.client c on c.id = e.client_id where c.name = $1',
      [client],
    );
    await assert.rejects(discoverExport(scene.context, { exportId: id, trigger: 'schedule', actor: 'test' }), {
      code: 'LIST_DENIED',
    });
    const [run] = await scene.query<{ code: string; ended: boolean }>(
      'select error_code as code, finished_at is not null as ended from registry.ingest_run where export_id = $1 order by id desc limit 1',
      [id],
    );
    assert.deepEqual(run, { code: 'LIST_DENIED', ended: true });
    assert.deepEqual(await seen(scene, client, costColumn), [await totalOf(scene, make())]);
  });

  test('a listed file missing from the bucket became a warning: it fails its delivery only, until it appears', async () => {
    const { client, bucket, make } = await newExport({ files: 3 });
    const whole = make({ month: '2024-01' });
    const lacking = make();
    await scene.deliver(bucket, whole);
    const missing = lacking.objects.filter(({ role }) => role === 'data')[1];
    assert.ok(missing);
    await scene.deliver(bucket, { ...lacking, objects: lacking.objects.filter((object) => object !== missing) });
    await ingest(client);
    const files = (await filesOf(client)).filter(({ status }) => status !== 'INGESTED');
    assert.deepEqual(
      files.map(({ key, status, code }) => [key === missing.key, status, code]),
      [
        [false, 'NEW', null],
        [true, 'FAILED', 'FILE_MISSING'],
        [false, 'NEW', null],
      ],
    );
    assert.match(files[1]?.text ?? '', /not in the bucket/);
    assert.deepEqual(await seen(scene, client, costColumn), [await totalOf(scene, whole)]);
    await scene.aws.admin.putObject({ bucket, key: missing.key, body: missing.body() });
    await ingest(client);
    assert.deepEqual(
      await seen(scene, client, costColumn),
      [await totalOf(scene, whole), await totalOf(scene, lacking)].sort(),
    );
  });

  test('one un-continued listing lost all past 1,000 objects, a cap all past 10,000: every object is registered', async () => {
    const { client, bucket } = await newClient();
    const months = ['2015-01', '2016-07', '2024-01'];
    for (const month of months) {
      for (let n = 0; n < 800; n += 1) await scene.put(bucket, `in/${month}/${n}.csv`, 'a\n1\n');
    }
    const found = await scene.discover(client, { kind: 'files', from: '2015-01' });
    assert.equal(found.objectsListed, 2_400);
    assert.equal(found.filesRegistered, 2_400);
    assert.equal((await scene.discover(client, { kind: 'files', from: '2015-01' })).filesRegistered, 0);
    await scene.query(
      `update registry.delivery set state = 'DROPPED', superseded_at = now(), dropped_at = now() where export_id = $1`,
      [found.exports[0]?.id],
    );
  });

  test('a LastModified bookmark lost what was written during a sync: an object dated before the last run is found', async () => {
    const { client, bucket } = await newClient();
    await scene.put(bucket, 'in/2024-01/a.csv', 'a\n1\n');
    await scene.discover(client, { kind: 'files' });
    await scene.drain();
    const lastModified = new Date(Date.now() - 3_600_000);
    await scene.aws.admin.putObject({ bucket, key: 'in/2024-01/0.csv', body: Buffer.from('a\n2\n'), lastModified });
    await scene.discover(client, { kind: 'files' });
    await scene.drain();
    assert.equal((await deliveriesOf(scene, client)).length, 2);
    assert.equal((await seen(scene, client, 'a'))[0], '2/3');
  });

  test('gzip without an embedded name was skipped, a zip of several entries refused: all of them come in', async () => {
    const { client, bucket } = await newClient();
    const withName = Buffer.from(gzipSync('a\n3\n'));
    withName[3] = 8;
    const named = Buffer.concat([withName.subarray(0, 10), Buffer.from('inner.csv\0'), withName.subarray(10)]);
    await scene.put(bucket, 'in/2024-01/1.csv.gz', gzipSync('a\n1\n'));
    await scene.put(bucket, 'in/2024-01/2-no-suffix', gzipSync('a\n2\n'));
    await scene.put(bucket, 'in/2024-01/3.csv.gz', named);
    await scene.put(bucket, 'in/2024-01/4.csv.gz', Buffer.concat([gzipSync('a\n4\n5'), gzipSync('\n6\n')]));
    await scene.put(
      bucket,
      'in/2024-01/5.zip',
      makeZip([
        { name: 'x/', data: '', method: 0 },
        { name: 'x/one.csv', data: 'a\n7\n' },
        { name: 'x/two.csv', data: 'a\n8\n', method: 0 },
      ]),
    );
    await scene.discover(client, { kind: 'files' });
    await scene.drain();
    assert.deepEqual(
      (await filesOf(client)).filter(({ status }) => status !== 'INGESTED'),
      [],
    );
    assert.deepEqual(await seen(scene, client, 'a'), ['8/36']);
  });

  test('a header longer than a sample was an "empty CSV": 2 MB of names come in', async () => {
    const { client, bucket } = await newClient();
    const names = Array.from({ length: 1_200 }, (_, i) => `${i} ${'n'.repeat(1_700)}`);
    await scene.put(
      bucket,
      'in/2024-01/a.csv',
      `${names.join(',')}\n${names.map((_, i) => (i === 7 ? '7' : '')).join(',')}\n`,
    );
    await scene.discover(client, { kind: 'files' });
    await scene.drain();
    assert.deepEqual(
      (await filesOf(client)).map(({ status, text }) => [status, text]),
      [['INGESTED', null]],
    );
    const [column] = await scene.query<{ n: number }>(
      `select count(*)::int as n from billvault.raw_column c join billvault.raw_table t using (export_id)
        where t.schema_name = $1 and length(c.source_name) > 1700`,
      [`raw_${client}`],
    );
    assert.equal(column?.n, 1_200);
  });

  const places: readonly Required<ClientPlace>[] = [
    { partition: 'aws', region, bucketRegion: 'ap-southeast-2' },
    { partition: 'aws', region: 'af-south-1', bucketRegion: 'af-south-1' },
    { partition: 'aws-us-gov', region: 'us-gov-west-1', bucketRegion: 'us-gov-east-1' },
    { partition: 'aws-cn', region: 'cn-north-1', bucketRegion: 'cn-northwest-1' },
  ];
  for (const place of places) {
    test(`a role of ${place.partition} in ${place.region}, a bucket in ${place.bucketRegion}: neither is assumed to be elsewhere`, async () => {
      const { client, bucket, make } = await newExport({}, place);
      await scene.deliver(bucket, make());
      await ingest(client);
      await assertWhole(scene, client, { made: make(), costColumn });
      const [row] = await scene.query<{ region: string }>(
        'select bucket_region as region from registry.export e join registry.client c on c.id = e.client_id where c.name = $1',
        [client],
      );
      assert.equal(row?.region, place.bucketRegion);
    });
  }

  test("one external ID served every client: each role has its own, and another client's is refused", async () => {
    const one = await newClient();
    const other = await newClient();
    const roles = await scene.query<{ name: string; arn: string; external: string }>(
      `select c.name, r.arn, r.external_id as external from registry.role r join registry.client c on c.id = r.client_id
        where c.name in ($1, $2) order by c.name`,
      [one.client, other.client],
    );
    const [first, second] = roles;
    assert.ok(first && second);
    assert.notEqual(first.external, second.external);
    assert.ok((first.external.match(/[0-9a-f]/g)?.length ?? 0) >= 32, 'at least 128 random bits');
    const probe = (arn: string, externalId: string | undefined) =>
      scene.context.aws.probeRole({ role: { arn, externalId, region }, client: 'x', job: 'test' });
    assert.equal((await probe(first.arn, first.external)).granted, true);
    assert.equal((await probe(first.arn, second.external)).granted, false);
    assert.equal((await probe(first.arn, undefined)).granted, false);
  });

  test('when nothing changed, nothing is read: not a manifest, not a file', async () => {
    const { client, bucket, make } = await newExport();
    for (const month of ['2024-01', '2024-02', '2024-03']) await scene.deliver(bucket, make({ month }));
    await ingest(client);
    await scene.aws.admin.resetLog();
    const again = await scene.discover(client);
    await scene.drain();
    assert.deepEqual([again.manifestsRead, again.deliveriesFound, again.filesRegistered], [0, 0, 0]);
    const { counts } = await scene.aws.admin.requestLog();
    assert.equal(counts['GetObject'] ?? 0, 0);
    assert.equal(counts['HeadObject'] ?? 0, 0);
  });

  test('two manifests, of the execution and of the period, are one delivery; a month is never counted twice', async () => {
    const { client, bucket, make } = await newExport({
      layout: 'data-export-create-new',
      kind: 'cur2',
      format: 'csv.gz',
    });
    await scene.deliver(bucket, make());
    await scene.deliver(bucket, make({ version: 2 }));
    await ingest(client);
    await ingest(client);
    await assertWhole(scene, client, { made: make({ version: 2 }), costColumn: 'line_item_unblended_cost' });
  });
});
