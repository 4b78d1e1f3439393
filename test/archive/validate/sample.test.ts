import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PutBucketLifecycleConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { readBudget } from '../../../src/archive/validate/read-budget.ts';
import { type ArchiveScene, archiveBucket, archiveRegion } from '../../support/archive-scene.ts';
import { dayMillis, openArchived, tamper, validate } from './archived-scene.ts';

let scene: ArchiveScene;
before(async () => {
  scene = await openArchived('2026-01', '2026-06');
});
after(() => scene[Symbol.asyncDispose]());

async function readMonths(): Promise<readonly string[]> {
  const rows = await scene.registryQuery<{ month: string }>(`
    select to_char(u.period, 'YYYY-MM') as month from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id where p.validated_level = 'full' order by p.validated_at`);
  return rows.map(({ month }) => month);
}

test('a sample reads a bounded share, those first that were read longest ago, until every part was read', async () => {
  const start = Date.now();
  for (let day = 1; day <= 6; day++) {
    scene.setNow(new Date(start + day * dayMillis));
    const { counts } = await validate(scene, 'sample');
    assert.deepEqual([counts.full, counts.head], [1, 5]);
    assert.equal((await readMonths()).length, day);
  }
  const order = await readMonths();
  scene.setNow(new Date(start + 7 * dayMillis));
  await validate(scene, 'sample');
  assert.deepEqual(await readMonths(), [...order.slice(1), order[0]]);
});

test('a sample of many parts reads about one in a year of days, and no more bytes than its budget', () => {
  const taken = (parts: number, sizeBytes: number) => {
    const budget = readBudget('sample', parts);
    return Array.from({ length: parts }, () => budget.take(sizeBytes)).filter(Boolean).length;
  };
  assert.deepEqual([taken(1, 1), taken(365, 1), taken(366, 1), taken(36_500, 1)], [1, 1, 2, 100]);
  const gibibyte = 2 ** 30;
  assert.deepEqual([taken(36_500, gibibyte), taken(36_500, 5 * gibibyte)], [4, 1]);
});

test('objects that nobody knows are told with their size: a parquet that a query would read is an error, others a warning', async () => {
  const folder = 'archive/ledger/public.ledger/year=2026/month=01';
  await scene.aws.admin.putObject({ bucket: archiveBucket, key: `${folder}/notes.txt`, body: Buffer.from('hello') });
  const harmless = await validate(scene, 'head');
  assert.deepEqual([harmless.isClean, harmless.warnings, harmless.counts.unknownBytes], [true, 1, 5]);
  await scene.aws.admin.putObject({ bucket: archiveBucket, key: `${folder}/x.parquet`, body: Buffer.alloc(7) });
  const { findings, isClean, counts } = await validate(scene, 'head');
  assert.deepEqual(
    findings.map(({ severity, code, subject }) => [severity, code, subject]),
    [
      ['warning', 'UNKNOWN_OBJECT', `s3://${archiveBucket}/${folder}/notes.txt`],
      ['error', 'UNKNOWN_OBJECT', `s3://${archiveBucket}/${folder}/x.parquet`],
    ],
  );
  assert.deepEqual([isClean, counts.unknown, counts.unknownBytes], [false, 2, 12]);
});

test('a month with rows that was passed over between two archived ones is a gap', async () => {
  const march = "(select id from registry.archive_unit where period = '2026-03-01')";
  await tamper(
    scene,
    `delete from registry.archive_part where unit_id = ${march};
     delete from registry.archive_range where unit_id = ${march};
     delete from registry.archive_unit where period = '2026-03-01'`,
  );
  const { findings } = await validate(scene, 'head');
  assert.deepEqual(
    findings.filter(({ code }) => code === 'GAP').map(({ subject }) => subject),
    ['ledger/public.ledger 2026-03'],
  );
});

test('what lies in a cold class is never read: it counts as not readable now, and is no failure', async () => {
  const { accessKeyId, secretAccessKey } = scene.user;
  const s3 = new S3Client({
    endpoint: scene.aws.endpoint,
    region: archiveRegion,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const Filter = { And: { Prefix: 'archive/ledger/', ObjectSizeGreaterThan: 1 } };
  const Transitions = [{ Days: 1, StorageClass: 'DEEP_ARCHIVE' as const }];
  const Rules = [{ ID: 'cold', Status: 'Enabled' as const, Filter, Transitions }];
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: archiveBucket, LifecycleConfiguration: { Rules } }),
  );
  s3.destroy();
  await scene.aws.admin.advanceClock(3 * 86_400);
  await scene.aws.admin.runLifecycle();
  await scene.aws.admin.resetLog();
  for (const level of ['sample', 'full'] as const) {
    const { counts, findings } = await validate(scene, level, { from: '2026-04' });
    assert.deepEqual(counts, { ...counts, parts: 3, cold: 3, full: 0, head: 0, failed: 0, unchecked: 0 });
    assert.ok(
      !findings.some(({ subject }) => subject.includes('month=0') && !/month=0[13]/.test(subject)),
      JSON.stringify(findings),
    );
  }
  const { requests } = await scene.aws.admin.requestLog();
  const reads = requests.filter(
    ({ operation, key }) => operation === 'GetObject' && key?.endsWith('.parquet') === true,
  );
  assert.deepEqual(reads, []);
});
