import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listPages } from '../../src/aws/listing.ts';
import { registerDelivery } from '../../src/registry/delivery/register-delivery.ts';
import { recordWarnings } from '../../src/registry/warning.ts';
import { makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import { discover, legacyManifest, listed } from '../ingest/discover/listing.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { assertWhole, deliveriesOf } from '../support/whole.ts';

const folder = 'r/hourly/20240101-20240201/';
const manifestKey = `${folder}hourly-Manifest.json`;
const manifestOf = (bucket: string, keys: readonly string[], assemblyId = 'a1') =>
  JSON.stringify(
    legacyManifest({ keys, assemblyId, manifestBucket: bucket, start: '20240101T000000Z', end: '20240201T000000Z' }),
  );
const options = { layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz', prefix: 'fine' } as const;
const fine = (bucket: string, month: string) =>
  makeDelivery({ ...options, bucket, name: 'hourly', month, files: 1, rows: 20, seed: 'h' });

test('keys of nothing but slashes are no more work than others: they do not hold the service up', () => {
  const loose = listed('somewhere/r-Manifest.json');
  const cpuMicros = (character: string) => {
    const keys = Array.from({ length: 5_000 }, (_, n) => `${character.repeat(1_000)}${n}.csv`);
    const began = process.cpuUsage();
    const plan = discover({ listing: [...keys.map((key) => listed(key)), loose], contents: {} });
    assert.ok(plan.warnings.length > 0);
    const { user, system } = process.cpuUsage(began);
    return user + system;
  };
  cpuMicros('x');
  const [letters, slashes] = [cpuMicros('x'), cpuMicros('/')];
  // What looks at every slash once more for each is hundreds of times as much.
  assert.ok(slashes < 20 * letters, `${slashes} µs, of letters ${letters} µs`);
});

test('a listing whose pages name themselves as the next ends with an error, not never', async () => {
  const pages = listPages(async () => ({ objects: [listed('a')], nextToken: 'again' }));
  const all = async () => {
    for await (const object of pages) assert.equal(object.key, 'a');
  };
  await assert.rejects(all, { code: 'SERVER_ERROR', message: /circles/ });
});

describe('a hostile bucket harms nobody but its own period', { timeout: 120_000 }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene[Symbol.asyncDispose]());

  /** Beside a month that is as it should be. */
  async function discoverBeside(client: string, keys: (bucket: string) => readonly string[], assemblyId?: string) {
    const { bucket } = await scene.addClient(client);
    const made = fine(bucket, '2024-02');
    await scene.deliver(bucket, made);
    await scene.put(bucket, manifestKey, manifestOf(bucket, keys(bucket), assemblyId));
    const found = await scene.discover(client);
    await scene.drain();
    await assertWhole(scene, client, { made, costColumn: 'lineItem/UnblendedCost' });
    return found;
  }

  const filesOf = (client: string) =>
    scene.query<{ status: string; code: string | null }>(
      `select f.status::text as status, f.error_code as code from registry.file f
         join registry.delivery d on d.id = f.delivery_id join registry.export e on e.id = d.export_id
         join registry.client c on c.id = e.client_id where c.name = $1 and e.root like 'r/%' order by f.ordinal`,
      [client],
    );

  test('a listed name longer than any key is refused with its manifest', async () => {
    const { warnings } = await discoverBeside('long_keys', () => [crypto.randomUUID().repeat(100)]);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['MANIFEST_INVALID'],
    );
    assert.match(warnings[0]?.text ?? '', /1024 bytes/);
  });

  test('an id too long for the registry is refused with its manifest', async () => {
    const { warnings } = await discoverBeside('long_ids', () => ['k'], '𓀀'.repeat(900));
    assert.match(warnings[0]?.text ?? '', /assemblyId/);
  });

  test('names that are no text, of no file, of a manifest, or outside of the export fail one by one', async () => {
    const elsewhere = (bucket: string) =>
      fine(bucket, '2024-02').objects.find(({ role }) => role === 'data')?.key ?? '';
    const strange = (bucket: string) => ['\ud800', '__proto__', '..', manifestKey, elsewhere(bucket)];
    await discoverBeside('strange', strange);
    const files = await filesOf('strange');
    assert.deepEqual(
      files.map(({ status, code }) => (status === 'FAILED' ? code : status)),
      // What is in the bucket is not even begun while a listed file is not.
      ['FILE_MISSING', 'FILE_MISSING', 'FILE_MISSING', 'NEW', 'NEW'],
    );
    assert.deepEqual(
      (await deliveriesOf(scene, 'strange')).filter(({ period }) => period === '2024-01-01').map(({ state }) => state),
      ['PENDING'],
    );
  });

  test("a file of another export is not read with this export's rights", async () => {
    const elsewhere = (bucket: string) =>
      fine(bucket, '2024-02').objects.find(({ role }) => role === 'data')?.key ?? '';
    await discoverBeside('thief', (bucket) => [elsewhere(bucket)]);
    assert.deepEqual(await filesOf('thief'), [{ status: 'FAILED', code: 'GET_DENIED' }]);
  });

  test('a manifest in an archive class keeps no other month out', async () => {
    const { bucket } = await scene.addClient('cold');
    const made = fine(bucket, '2024-02');
    await scene.deliver(bucket, made);
    const body = Buffer.from(manifestOf(bucket, ['k']));
    await scene.aws.admin.putObject({ bucket, key: manifestKey, body, storageClass: 'GLACIER' });
    const { warnings } = await scene.discover('cold');
    assert.deepEqual(
      warnings.map(({ code, subject }) => [code, subject]),
      [['MANIFEST_INVALID', manifestKey]],
    );
    await scene.drain();
    await assertWhole(scene, 'cold', { made, costColumn: 'lineItem/UnblendedCost' });
  });

  test('a warning about something with a long name is kept, once', async () => {
    const { bucket } = await scene.addClient('wordy');
    const [client] = await scene.query<{ id: number }>(`select id from registry.client where name = 'wordy'`);
    const about = { clientId: Number(client?.id), exportId: null };
    const long = Array.from({ length: 100 }, () => crypto.randomUUID()).join('é');
    const warnings = [long, `${long}!`].map((subject) => ({ code: 'PATH_CASE', subject, text: bucket }));
    await recordWarnings(scene.context.registry, about, warnings);
    await recordWarnings(scene.context.registry, about, warnings);
    const rows = await scene.query(`select 1 from registry.warning where client_id = $1`, [client?.id]);
    assert.equal(rows.length, 2);
  });

  test('100,000 missing files are registered, and found, in seconds', async () => {
    const { bucket } = await scene.addClient('huge');
    const keys = Array.from({ length: 100_000 }, (_, n) => `${folder}a1/hourly-${n}.csv.gz`);
    await scene.put(bucket, manifestKey, manifestOf(bucket, keys));
    const { filesRegistered } = await scene.discover('huge');
    assert.equal(filesRegistered, keys.length);
    const [known] = await scene.query<{ id: number; identity: string }>(
      `select e.id, d.identity from registry.delivery d join registry.export e on e.id = d.export_id
         join registry.client c on c.id = e.client_id where c.name = 'huge'`,
    );
    const lastModified = new Date();
    const began = performance.now();
    const { outcome, filesAdded } = await registerDelivery(scene.context.registry, {
      exportId: Number(known?.id),
      periodStart: '2024-01-01',
      periodEnd: '2024-02-01',
      identity: known?.identity ?? '',
      executionId: 'a1',
      manifest: undefined,
      files: keys.map((key, n) => ({ ordinal: n + 1, key, object: { etag: 'e', sizeBytes: 1, lastModified } })),
      listedAt: lastModified,
    });
    assert.deepEqual([outcome, filesAdded], ['known', keys.length]);
    assert.ok(performance.now() - began < 30_000, 'half of what the transaction may take');
  });
});
