import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openTestDatabase } from '../support/database.ts';
import {
  type ArchiveCliWorld,
  archiveBucket,
  due,
  later,
  openArchiveCliWorld,
  recent,
  rowsPerMonth,
} from './archive-world.ts';
import { runWith } from './world.ts';

/** The tests of this file are one story, each on what the one before left. */
let world: ArchiveCliWorld;
before(async () => {
  world = await openArchiveCliWorld();
});
after(() => world[Symbol.asyncDispose]());

const charges = 'ledger/public.charges';
const chargesOnly = ['--table', charges];

/** Of one run over one source. */
interface RunOutput {
  readonly source: string;
  readonly runId: number;
  readonly counts: Readonly<Record<string, number>>;
}
interface PlanOutput {
  readonly entries: readonly { readonly month: string | null; readonly action: string }[];
}
interface UnitOutput {
  readonly id: number;
  readonly month: string;
  readonly state: string;
  readonly rows: number;
  readonly errorCode: string | null;
}
interface ShownUnitOutput extends UnitOutput {
  readonly parts: readonly {
    readonly id: number;
    readonly key: string;
    readonly versionId: string;
    readonly sha256: string;
  }[];
  readonly deletions: readonly { readonly rows: number; readonly state: string }[];
}

test('a new key goes to a file of its owner, only its public half to the terminal', async () => {
  const { code, stdout, stderr } = await world.run('key', 'new', '--out', 'new.pem');
  assert.equal(code, 0, stderr);
  const path = join(world.folder, 'new.pem');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(readFileSync(path, 'utf8'), /BEGIN PRIVATE KEY/);
  assert.match(stdout, /BEGIN PUBLIC KEY/);
  assert.doesNotMatch(stdout, /PRIVATE KEY-/);
  assert.equal((await world.run('key', 'new', '--out', 'new.pem')).code, 4, 'a key is never overwritten');
  const made = await world.json<{ readonly keyId: string; readonly publicKeyPem: string }>(
    'key',
    'new',
    '--out',
    'b.pem',
  );
  assert.match(made.keyId, /^[0-9a-f]{16}$/);
  assert.doesNotMatch(JSON.stringify(made), /PRIVATE KEY-/);
  const shown = await world.json<{ readonly publicKeyPem: string }>('key', 'show');
  assert.match(
    (await world.run('key', 'show')).stdout,
    /^-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----\n$/,
  );
  assert.match(shown.publicKeyPem, /BEGIN PUBLIC KEY/);
});

test('inspect tells what is due, what it weighs and costs, offers the index that is missing, and reads no secret', async () => {
  const text = await world.run('inspect');
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /ledger\/public\.api_tokens .*denied by "\*_tokens"/);
  assert.match(text.stdout, /create index concurrently on "public"\."events" \("created_at"\);/);
  const one = await world.run('inspect', charges);
  assert.match(one.stdout, /rows due +120|rows due +80/);
  const [inspected] = await world.json<
    readonly {
      readonly inspection: { readonly due: object; readonly archive: { readonly monthlyDollars: string } };
    }[]
  >('inspect', charges);
  assert.match(inspected?.inspection.archive.monthlyDollars ?? '', /^0\.\d{9}$/);
});

test('policies are shown as a difference, then applied, and listed', async () => {
  assert.match((await world.run('policies')).stdout, /no policies are applied yet/);
  assert.match((await world.run('plan')).stdout, /there are no policies/);
  const planned = await world.run('policy', 'plan');
  assert.match(planned.stdout, /^\+ charges: public\.charges of ledger/);
  assert.match((await world.run('policies')).stdout, /no policies are applied yet/, 'a plan changes nothing');
  const applied = await world.run('policy', 'apply');
  assert.equal(applied.code, 0, applied.stderr);
  assert.match(applied.stdout, /^\+ charges: .*\napplied: 1 added, 0 changed, 0 removed\n$/);
  const short = await runWith(['policy', 'plan'], world);
  assert.equal(short.stdout, 'no changes (1 policy)\n', 'it is billvault policy as well');
  const again = await world.json<{ readonly unchanged: readonly string[] }>('policy', 'apply');
  assert.deepEqual(again.unchanged, ['charges']);
  const [policy] = await world.json<readonly { readonly name: string; readonly origin: string }[]>('policies');
  assert.deepEqual([policy?.name, policy?.origin], ['charges', 'file']);
  assert.match((await world.run('policies', '--source', 'ledger')).stdout, /charges +ledger +public\.charges .* purge/);
});

test('a plan gives its reasons and does nothing; run --dry-run is the same', async () => {
  const plan = await world.run('plan', ...chargesOnly);
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, new RegExp(`${due} +export +${rowsPerMonth} rows: then purge; due since`));
  assert.match(plan.stdout, new RegExp(`${recent} +- .*not due until`));
  assert.equal((await world.run('run', '--dry-run', ...chargesOnly)).stdout, plan.stdout);
  const [value] = await world.json<readonly PlanOutput[]>('plan', '--month', later);
  assert.deepEqual(
    value?.entries.map(({ month, action }) => [month, action]),
    [[later, 'export']],
  );
  assert.deepEqual(await world.json('runs'), []);
});

test('a run without its bucket ends with the code that says so, and begins nothing', async () => {
  const failed = await world.run('run', '--month', due);
  assert.equal(failed.code, 5, failed.stdout + failed.stderr);
  assert.match(failed.stderr, /^error BUCKET_NOT_FOUND: /);
  assert.deepEqual(await world.json('units'), []);
});

test('the bucket is made as wanted: plan, --yes, check', async () => {
  assert.equal((await world.run('bucket', 'check')).code, 6);
  const plan = await world.run('bucket', 'plan');
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, new RegExp(`^s3://${archiveBucket} in eu-west-1\n  set +bucket: `));
  const unasked = await world.run('bucket', 'apply');
  assert.equal(unasked.code, 2);
  assert.match(unasked.stdout, /set +objectLock/);
  assert.match(unasked.stderr, /say --yes/);
  const applied = await world.run('bucket', 'apply', '--yes');
  assert.equal(applied.code, 0, applied.stdout + applied.stderr);
  assert.match(applied.stdout, /done +lifecycle/);
  assert.match(applied.stdout, /is as wanted/);
  assert.match((await world.run('bucket', 'check')).stdout, /is as wanted/);
  const nothing = await world.json<{
    readonly outcomes: readonly unknown[];
    readonly after: { readonly isFit: boolean };
  }>('bucket', 'apply');
  assert.deepEqual([nothing.outcomes, nothing.after.isFit], [[], true]);
  assert.equal((await world.json<{ readonly isFit: boolean }>('bucket', 'check')).isFit, true);
});

test("the roles' policies are printed, and what is missing for their trust is named", async () => {
  const text = await world.run('bucket', 'policies');
  assert.match(text.stdout, /^writer: uploads/);
  assert.match(text.stdout, /"s3:PutObjectRetention"/);
  assert.match(text.stdout, /trust policy: set archive\.destination\.verifierRole\.arn/);
  const roles = await world.json<readonly { readonly role: string }[]>('bucket', 'policies');
  assert.deepEqual(
    roles.map(({ role }) => role),
    ['writer', 'verifier', 'admin'],
  );
});

test('run archives, proves and purges what is due; somebody who watches sees how far it is', async () => {
  const ran = await world.watch('run', '--retry-now');
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  assert.match(ran.stderr, /100% {2}2\/2 months of tables/);
  assert.match(ran.stdout, /2 archived and proved, 2 purged \(80 rows\), 0 waiting, 0 failed/);
  assert.match(ran.stdout, new RegExp(`${charges} +${due} +\\d+ +purged`));
  const left = await world.query<{ rows: number }>('select count(*)::int as rows from charges');
  assert.deepEqual(left, [{ rows: rowsPerMonth }]);
  const [idle] = await world.json<readonly RunOutput[]>('run', '--source', 'ledger');
  assert.equal(idle?.counts['planned'], 0);
  const [newest] = await world.json<readonly { readonly id: number; readonly actor: string }[]>('runs', '--limit', '1');
  assert.equal(newest?.id, idle.runId);
  assert.match(newest.actor, /^cli:./);
  assert.match((await world.run('runs')).stdout, /ledger +cli:.* 2 +2 +2 +0 +0/);
});

test('status and units show every month, its lock, its parts and what was deleted', async () => {
  const {
    tables: [status],
    refused,
  } = await world.json<{
    readonly tables: readonly {
      readonly rows: number;
      readonly nextRun: string;
      readonly months: readonly { readonly state: string }[];
    }[];
    readonly refused: readonly unknown[];
  }>('status', ...chargesOnly);
  assert.deepEqual(refused, []);
  assert.equal(status?.rows, 2 * rowsPerMonth);
  assert.ok(new Date(status.nextRun) > new Date());
  assert.deepEqual(
    status.months.map(({ state }) => state),
    ['PURGED', 'PURGED'],
  );
  assert.match((await world.run('status')).stdout, new RegExp(`${charges} +charges .*${due} to ${later}`));
  assert.match((await world.run('status', '--months')).stdout, /PURGED/);

  const first = await world.json<readonly UnitOutput[]>('units', '--limit', '1');
  assert.equal(first.length, 1);
  const rest = await world.json<readonly UnitOutput[]>('units', '--after', String(first[0]?.id));
  assert.deepEqual(
    [...first, ...rest].map(({ month, state, rows }) => [month, state, rows]),
    [
      [due, 'PURGED', rowsPerMonth],
      [later, 'PURGED', rowsPerMonth],
    ],
  );
  assert.match((await world.run('units', '--from', later)).stdout, new RegExp(`${charges} +${later} +monthly +PURGED`));
  const shown = await unitOf(due);
  assert.deepEqual(
    shown.deletions.map(({ rows, state }) => [rows, state]),
    [[rowsPerMonth, 'COMMITTED']],
  );
  const text = await world.run('unit', 'show', String(shown.id));
  assert.match(text.stdout, new RegExp(`SHA-256 +${shown.parts[0]?.sha256}`));
  assert.match(text.stdout, /lock +COMPLIANCE until/);
});

test('manifests are listed and shown with their signature; --raw is what was signed', async () => {
  const manifests = await world.json<readonly { readonly sequence: number; readonly sha256: string }[]>(
    'manifest',
    'list',
  );
  assert.ok(manifests.length >= 2);
  const [newest] = manifests;
  const number = String(newest?.sequence);
  assert.match(
    (await world.run('manifest', 'list', '--month', due)).stdout,
    new RegExp(`ledger +\\d+ +${due} +STORED`),
  );
  assert.match((await world.run('manifest', 'show', number)).stdout, /signature +right, by key [0-9a-f]{16}/);
  const raw = await world.run('manifest', 'show', number, '--source', 'ledger', '--raw');
  assert.equal(hash('sha256', raw.stdout), newest?.sha256);
  const shown = await world.json<{ readonly manifest: object; readonly refusal: null }>('manifest', 'show', number);
  assert.deepEqual(shown.manifest, JSON.parse(raw.stdout));
});

test('ddl prints what each engine reads the archive by', async () => {
  assert.match((await world.run('ddl', 'duckdb', charges)).stdout, /create or replace view "public"\."charges" as/);
  assert.match((await world.run('ddl', 'athena')).stdout, new RegExp(`'projection.year.range' = '${due.slice(0, 4)},`));
  const [trino] = await world.json<readonly { readonly sql: string }[]>('ddl', 'trino', 'ledger', '--root', '/data');
  assert.match(trino?.sql ?? '', /create table if not exists hive/);
});

test('a hold is placed with its reason, listed, reconciled, and released with another', async () => {
  const placed = await world.run('hold', 'place', ...chargesOnly, '--month', due, '--reason', 'case 4711');
  assert.equal(placed.code, 0, placed.stderr);
  assert.match(placed.stdout, new RegExp(`^hold 1 on ${charges} ${due}: in force\nlegal holds put on [1-9]`));
  assert.match((await world.run('unit', 'show', String((await unitOf(due)).id))).stdout, /legal hold +true/);
  assert.match((await world.run('hold', 'list')).stdout, /case 4711/);
  const [held] = await world.json<readonly { readonly reason: string; readonly from: string }[]>('hold', 'list');
  assert.deepEqual([held?.reason, held?.from], ['case 4711', due]);
  const reconciled = await world.json<{ readonly put: number; readonly failed: number }>('hold', 'reconcile');
  assert.deepEqual([reconciled.put, reconciled.failed], [0, 0]);
  assert.match((await world.run('hold', 'reconcile', '--source', 'ledger')).stdout, /put on 0 objects/);
  const released = await world.run('hold', 'release', '1', '--reason', 'case closed');
  assert.match(released.stdout, /: released\nlegal holds put on 0 objects, taken off [1-9]/);
  assert.equal((await world.run('hold', 'release', '1', '--reason', 'again')).code, 4);
  assert.match((await world.run('hold', 'list')).stdout, /^no holds/);
  assert.match((await world.run('hold', 'list', '--all')).stdout, /by cli:.*: case closed/);
  const place = ['hold', 'place', '--source', 'ledger', '--until', '2999-12-31', '--reason', 'audit'];
  const { hold } = await world.json<{ readonly hold: { readonly id: number; readonly until: string } }>(...place);
  assert.equal(hold.until, '2999-12-31T00:00:00.000Z');
  await world.json('hold', 'release', String(hold.id), '--reason', 'over');
});

test('a restore is planned, done and on record; one that would bring nothing ends with 4; what waits can be cancelled', async () => {
  const selected = [...chargesOnly, '--month', due];
  const plan = await world.run('restore', 'plan', ...selected, '--into-schema', 'restored');
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(
    plan.stdout,
    new RegExp(`${charges} +ledger/restored\\.charges \\(made anew\\) +${due} +1 +0 +${rowsPerMonth}`),
  );
  assert.match(plan.stdout, /readable at once, /);
  const value = await world.json<{ readonly dollars: string }>('restore', 'plan', ...selected);
  assert.match(value.dollars, /^0\.\d{9}$/);

  const done = await world.run('restore', 'start', ...selected, '--into-table', 'public.charges_back', '--wait');
  assert.equal(done.code, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /state +DONE/);
  const back = await world.query<{ rows: number }>('select count(*)::int as rows from charges_back');
  assert.deepEqual(back, [{ rows: rowsPerMonth }]);

  const nothing = await world.run('restore', 'start', ...selected, '--into-table', 'public.charges_back', '--wait');
  assert.equal(nothing.code, 4, nothing.stdout + nothing.stderr);
  assert.match(nothing.stderr, /^error RESTORE_CONFLICT: .*restored there before \(restore 1\).*--again/);

  const started = await world.json<{ readonly id: number }>('restore', 'start', ...selected, '--into-schema', 'later');
  assert.match((await world.run('restore', 'cancel', String(started.id))).stdout, /state +CANCELLED/);
  assert.equal((await world.run('restore', 'cancel', String(started.id))).code, 4);
  await world.json('restore', 'start', ...selected);
  const polled = await world.json<readonly { readonly kind: string }[]>('restore', 'poll');
  assert.deepEqual(
    polled.map(({ kind }) => kind),
    ['done'],
  );
  assert.match((await world.run('restore', 'poll')).stdout, /no restore is open/);
  assert.match((await world.run('restore', 'list')).stdout, /DONE +1 of 1 +40/);
  const shown = await world.json<{ readonly state: string; readonly rows: number }>('restore', 'show', '1');
  assert.deepEqual([shown.state, shown.rows], ['DONE', rowsPerMonth]);
});

test('a restore onto rows that changed since ends with 4, and says what stands in its way', async () => {
  await world.query('alter table charges_back drop column account');
  const plan = await world.run('restore', 'plan', ...chargesOnly, '--into-table', 'public.charges_back');
  assert.equal(plan.code, 4, plan.stdout + plan.stderr);
  assert.match(plan.stderr, /^error RESTORE_CONFLICT: .*account/);
  const start = await world.run('restore', 'start', ...chargesOnly, '--into-table', 'public.charges_back');
  assert.equal(start.code, 4);
});

test('a new registry takes over what the bucket has: shown first, then done, and clean', async () => {
  const registry = await openTestDatabase();
  try {
    const environment = { ...world.environment, BILLVAULT_DATABASE_URL: registry.url };
    const run = (...args: string[]) => runWith(['archive', ...args], { environment, folder: world.folder });
    const dry = await run('recover', '--dry-run');
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /ledger +1 to \d+[\s\S]*nothing was changed/);
    assert.equal((await run('recover', '--source', 'lodger')).code, 3);
    assert.match((await run('units')).stdout, /^no /);
    const recovered = await run('recover', '--json');
    assert.equal(recovered.code, 0, recovered.stderr);
    assert.equal((JSON.parse(recovered.stdout) as { sources: { source: string }[] }).sources[0]?.source, 'ledger');
    const units = await run('units', '--json');
    const essence = (text: string) =>
      (JSON.parse(text) as UnitOutput[]).map(({ month, state, rows }) => ({ month, state, rows }));
    assert.deepEqual(essence(units.stdout), essence((await world.run('units', '--json')).stdout));
    const verified = await run('verify', '--level', 'full');
    assert.equal(verified.code, 0, verified.stdout);
  } finally {
    await registry.drop();
  }
});

test('verify finds the archive clean, and a tampered object ends it with 6', async () => {
  for (const level of ['head', 'sample', 'full']) {
    const clean = await world.run('verify', '--level', level);
    assert.equal(clean.code, 0, clean.stdout + clean.stderr);
    assert.match(clean.stdout, new RegExp(`^${level} validation: clean`));
  }
  const { parts } = await unitOf(due);
  const [part] = parts;
  assert.ok(part);
  const address = { bucket: archiveBucket, key: part.key, versionId: part.versionId };
  const body = Buffer.from(await world.aws.admin.readObject(address));
  body.writeUInt8(body.readUInt8(100) ^ 1, 100);
  await world.aws.admin.damageObject({ ...address, body });
  const found = await world.run('verify', '--level', 'full', ...chargesOnly, '--json');
  assert.equal(found.code, 6);
  assert.match(found.stderr, /^error PROOF_FAILED: validation \d+ found \d+ errors? in the archive/);
  assert.equal((JSON.parse(found.stdout) as { readonly isClean: boolean }).isClean, false);
  const other = await world.run('verify', '--level', 'full', '--month', later);
  assert.equal(other.code, 0, other.stdout);
});

test('a faulty unit is repaired: what will be done is shown first, and what cannot be ends with 6', async () => {
  const { id } = await unitOf(due);
  const dry = await world.run('unit', 'repair', String(id), '--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(
    dry.stdout,
    /of its 1 part 1 is faulty\npart 1, 40 rows, s3:.*\n {2}PROOF_FAILED: .*\n {2}-> its 40 rows are in/,
  );
  assert.equal((await unitOf(due)).state, 'FAILED');
  const done = await world.run('unit', 'repair', String(id));
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, new RegExp(`-> its 40 rows [\\s\\S]+\nrepaired: part 1; unit ${id} is VERIFIED\n$`));
  assert.match(
    (await world.run('unit', 'show', String(id))).stdout,
    /state +REPLACED[\s\S]+stands for it +part number/,
  );
  const clean = await world.run('verify', '--level', 'full', ...chargesOnly);
  assert.equal(clean.code, 0, clean.stdout);
  assert.match(clean.stdout, /warning REPLACED/);
  const again = await world.run('unit', 'repair', String(id));
  assert.deepEqual([again.code, again.stdout.split('\n').length], [0, 3], again.stdout);
  assert.match(again.stdout, /nothing is wrong with its 1 part\nnothing was repaired: unit \d+ is VERIFIED\n/);

  const { id: lostId, parts } = await unitOf(later);
  const [part] = parts;
  assert.ok(part);
  const { key, versionId } = part;
  await world.aws.admin.damageObject({ bucket: archiveBucket, key, versionId, body: Buffer.from('gone') });
  const lost = await world.run('unit', 'repair', String(lostId));
  assert.equal(lost.code, 6);
  assert.match(lost.stdout, /-> its rows were purged \(40 rows of its ranges, last by /);
  assert.match(lost.stderr, /^error FILES_FAILED: part 1 of unit \d+ cannot be repaired so: see above/);
});

async function unitOf(month: string): Promise<ShownUnitOutput> {
  const [unit] = await world.json<readonly UnitOutput[]>('units', ...chargesOnly, '--month', month);
  return world.json<ShownUnitOutput>('unit', 'show', String(unit?.id));
}
