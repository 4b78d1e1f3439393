import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { bucket, type CliWorld, openCliWorld, roleArn } from './world.ts';

interface RoleOutput {
  readonly id: number;
  readonly externalId: string;
  readonly policies: { readonly trustPolicy: object; readonly permissionPolicy: object };
}
interface DeliveryOutput {
  readonly id: number;
  readonly periodStart: string;
  readonly state: string;
  readonly files: { readonly NEW: number; readonly INGESTED: number; readonly FAILED: number };
  readonly rows: number | null;
}
interface FileOutput {
  readonly id: number;
  readonly key: string;
  readonly errorCode: string | null;
  readonly rawTable: string;
  readonly advice: string | null;
  readonly events: readonly { readonly action: string; readonly actor: string }[];
}

const place = ['--bucket', bucket, '--prefix', 'cur/'];

/** The tests of this file are one story, each on what the one before left. */
let world: CliWorld;
before(async () => {
  world = await openCliWorld();
});
after(() => world[Symbol.asyncDispose]());

test('a client is onboarded by what the commands print: role, policies, preflight, discovery', async () => {
  assert.equal((await world.run('client', 'add', 'acme', '--title', 'Acme Inc.')).code, 0);
  const role = await world.json<RoleOutput>('role', 'add', 'acme', roleArn, ...place);
  assert.match(role.externalId, /^billvault-[0-9a-f]{40}$/);

  const early = await world.run('preflight', 'acme', ...place);
  assert.equal(early.code, 5);
  assert.match(early.stdout, /EXTERNAL_ID_REFUSED/);
  assert.match(early.stderr, /^error ASSUME_ROLE_DENIED: /);

  await world.makeRole(role.policies);
  await world.deliver('2024-01');
  const preflight = await world.json<{ readonly ok: boolean }>('preflight', 'acme', ...place);
  assert.equal(preflight.ok, true);
  const [listed] = await world.json<readonly { readonly findings: readonly unknown[]; readonly externalId?: string }[]>(
    'role',
    'list',
  );
  assert.ok(Number(listed?.findings.length) > 4);
  assert.equal(listed?.externalId, undefined, 'a list of roles shows no external ID');

  const found = await world.json<{
    readonly exports: readonly { readonly name: string }[];
    readonly filesRegistered: number;
  }>('discover', 'acme', ...place, '--from', '2024-01');
  assert.deepEqual(
    found.exports.map(({ name }) => name),
    ['bills_cur'],
  );
  assert.equal(found.filesRegistered, 2);
});

test('run loads what is there, and status says that it is whole', async () => {
  const ran = await world.json<{ readonly ingested: number; readonly failed: number; readonly runId: number }>(
    'run',
    'acme/bills_cur',
    '--from',
    '2024-01',
  );
  assert.deepEqual([ran.ingested, ran.failed], [2, 0]);
  const [delivery, ...others] = await world.json<readonly DeliveryOutput[]>('status');
  assert.deepEqual(others, []);
  assert.equal(delivery?.state, 'PUBLISHED');
  assert.equal(delivery.periodStart, '2024-01-01');
  assert.deepEqual(delivery.files, { NEW: 0, INGESTED: 2, FAILED: 0 });
  assert.equal(delivery.rows, 60);
  const text = await world.run('status', 'acme');
  assert.match(text.stdout, /acme\/bills_cur {2}2024-01 +\d+ {2}PUBLISHED +0 +2 +0 +60/);
  const runs = await world.json<readonly { readonly id: number; readonly errorCode: string | null }[]>('runs', 'acme');
  assert.equal(runs[0]?.id, ran.runId);
});

test('a broken file fails by itself, says what to do, and is loaded once it is repaired', async () => {
  const made = await world.deliver('2024-02');
  const [broken = ''] = made.objects.flatMap(({ key, role }) => (role === 'data' ? [key] : []));
  await world.put(broken, gzipSync('cut off in the middle').subarray(0, 20));
  const failed = await world.run('run', 'acme/bills_cur', '--from', '2024-01');
  assert.equal(failed.code, 6, failed.stdout + failed.stderr);
  assert.match(failed.stderr, /^error FILES_FAILED: 1 files of acme\/bills_cur failed/);

  const status = await world.json<readonly DeliveryOutput[]>('status', 'acme/bills_cur');
  assert.deepEqual(
    status.map(({ periodStart, state }) => [periodStart, state]),
    [
      ['2024-01-01', 'PUBLISHED'],
      ['2024-02-01', 'FAILED'],
    ],
  );
  const [file, ...others] = await world.json<readonly FileOutput[]>('file', 'list', '--status', 'FAILED');
  assert.deepEqual(others, []);
  assert.equal(file?.key, broken);
  const shown = await world.run('file', 'show', String(file.id));
  assert.match(shown.stdout, new RegExp(`error +${file.errorCode}: `));
  assert.match(shown.stdout, /to do +\S/);
  assert.match(shown.stdout, new RegExp(`billvault file reprocess ${file.id}`));
  assert.equal((await world.run('file', 'verify', String(file.id))).code, 4);

  for (const { key, body } of made.objects) {
    if (key === broken) await world.aws.admin.putObject({ bucket, key, body: body() });
  }
  const again = await world.json<{ readonly reprocessed: readonly number[] }>(
    'file',
    'reprocess',
    '--client',
    'acme',
    '--error',
    String(file.errorCode),
  );
  assert.deepEqual(again.reprocessed, [file.id]);
  assert.equal((await world.run('run', 'acme/bills_cur')).code, 0);
  const whole = await world.json<FileOutput>('file', 'show', String(file.id));
  assert.equal(whole.advice, null);
  assert.deepEqual(
    whole.events.map(({ action }) => action),
    ['file.reprocessed'],
  );
  assert.match(String(whole.events[0]?.actor), /^cli:./);
  const verified = await world.json<{ readonly ok: boolean; readonly rows: number }>('file', 'verify', String(file.id));
  assert.equal(verified.ok, true);
});

test('verify ends with 6 when the database holds something else than the file', async () => {
  const [file] = await world.json<readonly FileOutput[]>('file', 'list', '--period', '2024-01');
  const { id, rawTable } = await world.json<FileOutput>('file', 'show', String(file?.id));
  const client = new pg.Client({ connectionString: world.environment['BILLVAULT_DATABASE_URL'] });
  await client.connect();
  const { rowCount } = await client.query(
    `update ${rawTable} set "lineItem/UnblendedCost" = '1e9' where _file_id = $1 and _row = 3`,
    [id],
  );
  await client.end();
  assert.equal(rowCount, 1);
  const { code, stdout, stderr } = await world.run('file', 'verify', String(id));
  assert.equal(code, 6);
  assert.match(stdout, /3 {2}lineItem\/UnblendedCost/);
  assert.match(stderr, /^error DIGEST_MISMATCH/);
});

test('a restated month is swapped, and the delivery before it can be made current again', async () => {
  await world.deliver('2024-02', { version: 2 });
  assert.equal((await world.run('run', 'acme/bills_cur', '--from', '2024-02')).code, 0);
  const history = await world.json<readonly DeliveryOutput[]>('deliveries', 'acme/bills_cur', '--period', '2024-02');
  assert.deepEqual(
    history.map(({ state }) => state),
    ['PUBLISHED', 'SUPERSEDED'],
  );
  const published = await world.json<{ readonly outcome: string }>('delivery', 'publish', String(history[1]?.id));
  assert.equal(published.outcome, 'published');
  const back = await world.json<readonly DeliveryOutput[]>('deliveries', '--state', 'PUBLISHED', '--period', '2024-02');
  assert.deepEqual(
    back.map(({ id }) => id),
    [history[1]?.id],
  );
});

test('somebody who watches sees files, rate and time left; a program sees none of it', async () => {
  await world.deliver('2024-03', { rows: 6_000 });
  const { code, stdout, stderr } = await world.watch('run', 'acme/bills_cur', '--from', '2024-03');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /0\/2 files/);
  assert.match(stderr, /100% {2}2\/2 files {2}(?!0\.0)\d+\.\d MB\/s/);
  assert.doesNotMatch(stdout, /MB\/s/);
  assert.equal((await world.run('run', 'acme/bills_cur')).stderr, '');
});

test("an export's settings are checked and changed, and the change is on record", async () => {
  const wrong = await world.run('export', 'set', 'acme/bills_cur', '--schedule', 'every day');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /every day/);
  assert.equal((await world.run('export', 'set', 'acme/bills_cur')).code, 2);
  const changed = await world.json<{ readonly enabled: boolean; readonly settleDays: number }>(
    'export',
    'set',
    'acme/bills_cur',
    '--disabled',
    '--settle-days',
    '10',
  );
  assert.deepEqual([changed.enabled, changed.settleDays], [false, 10]);
  assert.match((await world.run('export', 'list')).stdout, /disabled/);
  assert.match((await world.run('export', 'show', 'acme/bills_cur')).stdout, /settle days +10/);
});

test('what a bucket holds cannot speak to the terminal', async () => {
  await world.put('cur/copies/2024-05/\u001b[2Jgone\u202e.csv.gz', gzipSync('a,b\n1,2\n'));
  const found = await world.run(
    'discover',
    'acme',
    '--bucket',
    bucket,
    '--prefix',
    'cur/copies/',
    '--kind',
    'files',
    '--from',
    '2024-05',
  );
  assert.equal(found.code, 0, found.stderr);
  for (const format of [[], ['--json']]) {
    const { stdout } = await world.run('file', 'list', '--period', '2024-05', ...format);
    assert.match(stdout, /\\u001b\[2Jgone\\u202e\.csv\.gz/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
    assert.doesNotMatch(stdout, /[\u001b\u202e]/);
  }
});

test('offboarding asks first, drops the raw tables and keeps the record', async () => {
  assert.equal((await world.run('client', 'offboard', 'acme')).code, 2);
  const gone = await world.json<{ readonly deliveriesDropped: number }>('client', 'offboard', 'acme', '--yes');
  assert.ok(gone.deliveriesDropped >= 3);
  const client = new pg.Client({ connectionString: world.environment['BILLVAULT_DATABASE_URL'] });
  await client.connect();
  const { rows } = await client.query(`select 1 from pg_namespace where nspname = 'raw_acme'`);
  await client.end();
  assert.deepEqual(rows, []);
  assert.deepEqual(await world.json('status'), []);
  assert.equal((await world.run('client', 'offboard', 'acme', '--yes')).code, 0, 'doing it again finishes it');
  assert.equal((await world.run('role', 'add', 'acme', roleArn)).code, 4);
  const kept = await world.json<readonly DeliveryOutput[]>('deliveries', 'acme');
  assert.ok(kept.every(({ state }) => state === 'DROPPED'));
});
