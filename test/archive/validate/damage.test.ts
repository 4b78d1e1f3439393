import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { validationLines } from '../../../src/archive/validate/validation-lines.ts';
import { createAwsAccess } from '../../../src/aws/access.ts';
import { listValidations } from '../../../src/registry/archive/validation.ts';
import { type ArchiveScene, archiveBucket } from '../../support/archive-scene.ts';
import { codesByMonth, flip, openArchived, partOf, rewrite, statesByMonth, validate } from './archived-scene.ts';

let scene: ArchiveScene;
before(async () => {
  scene = await openArchived('2025-09', '2026-06');
});
after(() => scene[Symbol.asyncDispose]());

test('a sound archive is clean at every level, and every level says how closely it looked', async () => {
  const seen = [];
  for (const level of ['head', 'sample', 'full'] as const) seen.push(await validate(scene, level));
  assert.deepEqual(
    seen.map(({ isClean, findings, counts: { parts, full, head, fullRows, manifests, manifestsRead, listed } }) => {
      return [isClean, findings, { parts, full, head, fullRows, manifests, manifestsRead, listed }];
    }),
    [
      [true, [], { parts: 10, full: 0, head: 10, fullRows: 0, manifests: 10, manifestsRead: 0, listed: 20 }],
      [true, [], { parts: 10, full: 1, head: 9, fullRows: 50, manifests: 10, manifestsRead: 10, listed: 20 }],
      [true, [], { parts: 10, full: 10, head: 0, fullRows: 500, manifests: 10, manifestsRead: 10, listed: 20 }],
    ],
  );
  const records = await listValidations(scene.context.registry, { limit: 10 });
  assert.deepEqual(
    records.map(({ level, isClean }) => [level, isClean]),
    [
      ['full', true],
      ['sample', true],
      ['head', true],
    ],
  );
});

test('who may not see a lock or read an object is told so, and nothing loses its proof', async () => {
  const deny = async (action: string, name: string) => {
    const Statement = [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: action, Resource: '*' },
    ];
    const policy = { Version: '2012-10-17', Statement };
    const { accessKeyId, secretAccessKey } = await scene.aws.admin.createUser({
      accountId: '999988887777',
      name,
      policy,
    });
    const access = createAwsAccess({
      stsEndpoint: scene.aws.endpoint,
      s3Endpoint: scene.aws.endpoint,
      baseCredentials: { accessKeyId, secretAccessKey },
    });
    const openStore = () => access.openArchiveStore({ bucket: archiveBucket, region: 'eu-west-1', name });
    const seen = await validate({ context: { ...scene.context, openStore } }, 'full', {
      from: '2025-09',
      to: '2025-09',
    });
    access.close();
    return seen;
  };
  for (const action of ['s3:GetObjectRetention', 's3:GetObjectVersion']) {
    const seen = await deny(action, action.slice(3));
    assert.deepEqual([seen.isClean, seen.counts.unchecked, seen.counts.full, seen.counts.head], [false, 1, 0, 0]);
    assert.deepEqual(new Set(seen.findings.map(({ code }) => code)), new Set(['UNCHECKED']), action);
  }
  assert.equal((await statesByMonth(scene))['2025-09'], 'VERIFIED VERIFIED');
});

test('every kind of damage is found at the level that promises it, is not called verified below it, and ends its proof', async () => {
  const { admin } = scene.aws;
  const at = async (month: string) => ({ bucket: archiveBucket, ...(await partOf(scene, month)) });
  await rewrite(scene, await partOf(scene, '2025-09'), flip);
  await rewrite(scene, await partOf(scene, '2025-10'), (bytes) => bytes.subarray(0, bytes.length - 7));
  await admin.deleteObject(await at('2025-11'));
  const { key } = await partOf(scene, '2025-12');
  await admin.putObject({ bucket: archiveBucket, key, body: Buffer.from('not ours') });
  await admin.deleteObject({ bucket: archiveBucket, key: (await partOf(scene, '2026-01')).key });
  await admin.damageObject({ ...(await at('2026-02')), unlock: true });
  const change = (month: string, set: string) =>
    scene.registryQuery(
      `update registry.archive_part set ${set} where unit_id =
         (select id from registry.archive_unit where to_char(period, 'YYYY-MM') = $1)`,
      [month],
    );
  // As if the object had been encrypted otherwise: stored is AES256.
  await change('2026-03', `encryption = '{"algorithm": "aws:kms", "keyId": "key-1"}'`);
  // As if it were locked for a shorter time than on record.
  await change('2026-04', "retain_until = retain_until + interval '1 day'");

  const shallow = await validate(scene, 'head');
  const bySight = {
    '2025-10': ['PROOF_FAILED'],
    '2025-11': ['FILE_MISSING'],
    '2025-12': ['OVERWRITTEN'],
    '2026-01': ['HIDDEN'],
    '2026-02': ['LOCK_MISSING'],
    '2026-03': ['ENCRYPTION_MISSING'],
    '2026-04': ['LOCK_MISSING'],
  };
  assert.deepEqual(codesByMonth(shallow), bySight);
  const { full, head, failed, doubted } = shallow.counts;
  assert.deepEqual({ full, head, failed, doubted }, { full: 0, head: 5, failed: 5, doubted: 4 });

  const deep = await validate(scene, 'full');
  assert.deepEqual(codesByMonth(deep), { ...bySight, '2025-09': ['PROOF_FAILED'] });
  assert.deepEqual([deep.counts.full, deep.counts.head, deep.counts.failed], [4, 0, 6]);
  assert.deepEqual(await statesByMonth(scene), {
    '2025-09': 'STORED FAILED PROOF_FAILED',
    '2025-10': 'STORED FAILED PROOF_FAILED',
    '2025-11': 'STORED FAILED PROOF_FAILED',
    '2025-12': 'VERIFIED VERIFIED',
    '2026-01': 'VERIFIED VERIFIED',
    '2026-02': 'STORED FAILED PROOF_FAILED',
    '2026-03': 'VERIFIED VERIFIED',
    '2026-04': 'STORED FAILED PROOF_FAILED',
    '2026-05': 'VERIFIED VERIFIED',
    '2026-06': 'VERIFIED VERIFIED',
  });
  const lines = validationLines(deep);
  assert.match(lines[0] ?? '', /^full validation: NOT clean, 8 errors, 0 warnings$/);
  assert.ok(
    lines.some((line) =>
      line.startsWith('error PROOF_FAILED s3://ledger-archive/archive/ledger/public.ledger/year=2025/month=09/'),
    ),
  );
});

test('nothing more is purged on the word of a part that is not what was proved', async () => {
  await scene.policies({ lockMode: 'GOVERNANCE', purge: true });
  const { outcomes } = await scene.run({ retryNow: true });
  const purged = outcomes.filter(({ kind }) => kind === 'purged').map(({ entry }) => entry.month);
  assert.deepEqual(purged, ['2025-12', '2026-01', '2026-05', '2026-06']);
  const rows = await scene.query<{ month: string }>(
    "select distinct to_char(created_at, 'YYYY-MM') as month from ledger order by 1",
  );
  const left = rows.map(({ month }) => month);
  for (const month of ['2025-09', '2025-10', '2025-11', '2026-02', '2026-04']) assert.ok(left.includes(month), month);
});

test('a month and a table can be validated alone', async () => {
  const one = await validate(scene, 'full', { tables: ['public.led*'], from: '2026-05', to: '2026-05' });
  assert.deepEqual([one.counts.parts, one.counts.full, one.counts.listed, one.findings], [1, 1, 1, []]);
  const all = await validate(scene, 'head', { source: 'ledger' });
  assert.equal(all.counts.listed, (await validate(scene, 'head')).counts.listed);
  await assert.rejects(validate(scene, 'head', { tables: ['public.other'] }), { code: 'NOT_FOUND' });
});

test('what a finding says to do about a hidden and an overwritten object ends it, and nothing else is advised to go', async () => {
  const advised = /\(aws s3api delete-object --bucket (\S+) --key (\S+) --version-id (\S+)\)/;
  const { findings } = await validate(scene, 'head');
  const told = findings.filter(({ text }) => advised.test(text));
  assert.deepEqual(told.map(({ code }) => code).sort(), ['HIDDEN', 'OVERWRITTEN']);
  for (const { text } of told) {
    const [, bucket = '', key = '', versionId = ''] = advised.exec(text) ?? [];
    await scene.aws.admin.deleteObject({ bucket, key, versionId });
  }
  const months = codesByMonth(await validate(scene, 'full'));
  assert.deepEqual([months['2025-12'], months['2026-01']], [undefined, undefined]);
});

test('a newer version over one that is not proved is not advised to go: a repair may be to take it', async () => {
  const { key } = await partOf(scene, '2025-10');
  await scene.aws.admin.putObject({ bucket: archiveBucket, key, body: Buffer.from('perhaps a replica') });
  const { findings } = await validate(scene, 'head', { from: '2025-10', to: '2025-10' });
  const { text = '' } = findings.find(({ code }) => code === 'OVERWRITTEN') ?? {};
  assert.match(text, /ours is not proved: keep the newer one until billvault archive unit repair has looked at it$/);
});
