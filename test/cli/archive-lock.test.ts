import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ArchiveCliWorld, archiveBucket, due, openArchiveCliWorld } from './archive-world.ts';

/** The tests of this file are one story, each on what the one before left. */
let world: ArchiveCliWorld;
let settings: string;
before(async () => {
  world = await openArchiveCliWorld();
  settings = readFileSync(join(world.folder, 'billvault.yaml'), 'utf8');
  await become('retentionYears: 7', 'lockMode: GOVERNANCE');
  assert.equal((await world.run('bucket', 'apply', '--yes')).code, 0);
  assert.equal((await world.run('run')).code, 0);
  assert.equal((await world.run('bucket', 'check')).code, 0);
});
after(() => world[Symbol.asyncDispose]());

/** Changes the policy in billvault.yaml, and applies it. */
async function become(...lines: readonly string[]) {
  write(...lines);
  return world.run('policy', 'apply');
}

function write(...lines: readonly string[]): void {
  const changed = settings.replace('classification: financial\n', (line) =>
    [line.trim(), ...lines].join('\n      ').concat('\n'),
  );
  assert.notEqual(changed, settings);
  writeFileSync(join(world.folder, 'billvault.yaml'), changed);
}

test('a policy is shown with what it makes of the parts that are stored, before it is applied and as it is', async () => {
  write('retentionYears: 12', 'lockMode: GOVERNANCE');
  const plan = await world.run('policy', 'plan');
  assert.match(
    plan.stdout,
    /~ charges\n {4}retentionYears: 7 -> 12\n {4}2 stored parts get a longer lock 90 days before theirs end, or now by billvault archive lock extend/,
  );
  const stored = [{ policy: 'charges', longer: 2, stronger: 0, kept: 0 }];
  assert.deepEqual((await world.json<{ stored: unknown }>('policy', 'plan')).stored, stored);
  assert.deepEqual((await world.json<{ stored: unknown }>('policy', 'apply')).stored, stored);
  const again = await world.run('policy', 'plan');
  assert.match(again.stdout, /^ {2}charges: 2 stored parts get a longer lock .*$/m);
});

test('lock extend shows what it would do, does it, and says what the bucket has to follow', async () => {
  const dry = await world.run('lock', 'extend', '--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /policy +parts locked longer[^\n]*\n[^\n]*\ncharges +2 +0 +0/);
  const done = await world.run('lock', 'extend');
  assert.equal(done.code, 0, done.stderr);
  assert.match(
    done.stdout,
    /^retention of 2 units raised; 2 parts and 3 manifests locked longer or stronger\n2 further manifests say so\nbillvault archive bucket plan/,
  );
  const units = await world.json<readonly { retainUntil: string; month: string }[]>('units');
  assert.ok(units.every(({ month, retainUntil }) => Number(retainUntil.slice(0, 4)) >= Number(month.slice(0, 4)) + 12));
  const plan = await world.run('bucket', 'plan');
  assert.match(plan.stdout, /lifecycle/);
  assert.equal((await world.run('bucket', 'check')).code, 6);
  assert.equal((await world.run('bucket', 'apply', '--yes')).code, 0);
  assert.equal((await world.run('bucket', 'check')).code, 0);
  const verified = await world.run('verify', '--level', 'full');
  assert.equal(verified.code, 0, verified.stdout);
  const nothing = { units: 0, parts: 0, manifests: 0, furtherManifests: 0, weak: 0, failed: 0, failures: [] };
  assert.deepEqual(await world.json('lock', 'extend'), nothing);
});

test('COMPLIANCE is made of GOVERNANCE by --bypass-governance alone, once billvault.yaml lists who may', async () => {
  const applied = await become('retentionYears: 12', 'lockMode: COMPLIANCE');
  assert.match(applied.stdout, /2 stored parts are under GOVERNANCE: only who may bypass that makes COMPLIANCE of it/);
  const unasked = await world.run('lock', 'extend');
  assert.deepEqual(
    [unasked.code, /7 objects stay under GOVERNANCE: .*--bypass-governance/.test(unasked.stdout)],
    [0, true],
    unasked.stdout,
  );
  const denied = await world.run('lock', 'extend', '--bypass-governance');
  assert.equal(denied.code, 6, denied.stdout);
  assert.match(denied.stdout, /7 could not be changed\n\n[\s\S]*ACCESS_DENIED[\s\S]*archive\.destination\.bypassRoles/);
  assert.match(denied.stderr, /^error FILES_FAILED: 7 locks could not be made longer/);

  const listed = readFileSync(join(world.folder, 'billvault.yaml'), 'utf8');
  const roles = `bypassRoles: ['${world.environment['BILLVAULT_AWS_PRINCIPAL_ARN']}']`;
  const withRoles = (value: string) => listed.replace('prefix: archive }', `prefix: archive, ${value} }`);
  for (const arn of ['alice', 'arn:aws:iam::999988887777:role/*']) {
    writeFileSync(join(world.folder, 'billvault.yaml'), withRoles(`bypassRoles: ['${arn}']`));
    const wrong = await world.run('lock', 'extend');
    assert.deepEqual([wrong.code, /archive\.destination\.bypassRoles/.test(wrong.stderr)], [2, true], wrong.stderr);
  }
  writeFileSync(join(world.folder, 'billvault.yaml'), withRoles(roles));
  assert.equal((await world.run('bucket', 'apply', '--yes')).code, 0);
  const done = await world.run('lock', 'extend', '--bypass-governance');
  assert.equal(done.code, 0, done.stdout);
  assert.match(done.stdout, /2 parts and 5 manifests locked longer or stronger/);
  assert.equal((await world.run('verify', '--level', 'full')).code, 0);
});

test('a shorter retention says what is kept, and changes nothing', async () => {
  const applied = await become('retentionYears: 7', 'lockMode: COMPLIANCE');
  assert.match(applied.stdout, /2 stored parts keep their locks: none is made shorter or weaker/);
  const done = await world.run('lock', 'extend');
  assert.match(done.stdout, /^nothing to do: what is stored is locked as long/);
});

test('a run says of a month whose rows a hold keeps in the database that it does, and why', async () => {
  const selected = ['--table', 'ledger/public.charges', '--month', due];
  const { hold } = await world.json<{ readonly hold: { readonly id: number } }>(
    ...['hold', 'place', ...selected, '--reason', 'case 4711'],
  );
  await world.query(`insert into charges (account, amount, created_at) values ('late', 1, '${due}-02T00:00:00Z')`);
  const ran = await world.run('run', ...selected);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, new RegExp(`${due} .* verified .* under hold ${hold.id} \\(case 4711\\): not purged\n`));
  assert.equal((await world.run('hold', 'release', String(hold.id), '--reason', 'closed')).code, 0);
});

test('what cannot be done is said by name', async () => {
  const source = await world.run('lock', 'extend', '--source', 'lodger');
  assert.equal(source.code, 3);
  assert.match(source.stderr, /lodger/);
  assert.equal((await world.run('lock', 'extend', '--until', '2040')).code, 2);
  const [unit] = await world.json<readonly { id: number }[]>('units');
  const { parts } = await world.json<{ parts: readonly { key: string; versionId: string }[] }>(
    'unit',
    'show',
    String(unit?.id),
  );
  const [part] = parts;
  assert.ok(part);
  const object = { bucket: archiveBucket, key: part.key, versionId: part.versionId };
  await world.aws.admin.damageObject({ ...object, unlock: true });
  await world.aws.admin.deleteObject(object);
  await become('retentionYears: 13');
  const done = await world.run('lock', 'extend');
  assert.equal(done.code, 6);
  assert.match(done.stdout, new RegExp(`s3://${archiveBucket}/${part.key} +FILE_MISSING`));
});
