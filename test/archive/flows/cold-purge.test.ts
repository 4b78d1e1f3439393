import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { placeHold } from '../../../src/archive/holds/place-hold.ts';
import { reasonText } from '../../../src/archive/plan/reason.ts';
import { collectPlan } from '../../../src/archive/run/collect-plan.ts';
import { goOnWithCopies } from '../../../src/archive/run/go-on-with-copies.ts';
import { sourceDatabases } from '../../../src/archive/source/source-databases.ts';
import {
  type ArchiveScene,
  archiveBucket,
  archiveRegion,
  makeLedger,
  openArchiveScene,
} from '../../support/archive-scene.ts';
import { assertAddsUp, tableLines, unitsOf } from '../../support/archive-truth.ts';
import { hourSeconds, moveToDeepArchive } from '../../support/cold.ts';

const { signal } = new AbortController();
const months = ['2026-05', '2026-06'];
const goOn = (scene: ArchiveScene) => goOnWithCopies(scene.context, signal);

/** Rows whose parts are large enough for the lifecycle to move them. */
async function addRows(scene: ArchiveScene, of: readonly string[] = months): Promise<void> {
  await makeLedger(scene, { months: of, rowsPerMonth: 3_000 });
  await scene.query('update ledger set note = md5(id::text) || md5((-id)::text) || md5((id * 7)::text)');
}

/** Months that were archived and kept, whose parts lie in DEEP_ARCHIVE when the policy begins to purge. */
async function openCold(): Promise<ArchiveScene> {
  const scene = await openArchiveScene();
  await addRows(scene);
  await scene.policies({ purge: false });
  await scene.run();
  await moveToDeepArchive(scene);
  await scene.policies({ purge: true });
  return scene;
}

/** Of each part, in order: whether something waits for a readable copy, and whether the bucket was asked for one. */
async function copies(scene: ArchiveScene): Promise<readonly string[]> {
  const rows = await scene.registryQuery<{ key: string; version: string; waits: boolean }>(
    `select key, version_id as version, copy_asked_at is not null as waits from registry.archive_part order by id`,
  );
  await using store = scene.context.openStore('verifier');
  return Promise.all(
    rows.map(async ({ key, version, waits }) => {
      const { restore } = await store.head(key, version);
      return `${waits ? 'waits' : 'nothing waits'}, ${restore?.state ?? 'not asked'}`;
    }),
  );
}

/** For the test to read every part. */
async function thaw(scene: ArchiveScene): Promise<void> {
  await using store = scene.context.openStore('writer');
  for (const { parts } of await unitsOf(scene)) {
    for (const { key, versionId } of parts) await store.requestRestore(key, versionId ?? '', { days: 5, tier: 'Bulk' });
  }
  await scene.aws.admin.advanceClock(49 * hourSeconds);
}

async function purgeReasons(scene: ArchiveScene): Promise<readonly string[]> {
  const { entries } = await collectPlan(scene.context, { source: 'ledger', filter: {} });
  return entries.flatMap(({ action, purges, reasons }) =>
    purges ? [`${action}: ${reasons.map(({ code }) => code).join(', ')}`] : [],
  );
}

test('a purge whose proof lies in a cold class asks for a readable copy, says so, and goes on by itself when it is there', async () => {
  await using scene = await openCold();
  const written = await tableLines(scene);
  const { counts, outcomes } = await scene.run();
  assert.deepEqual([counts.waiting, counts.failed, counts.purgedRows], [2, 0, 0]);
  for (const { kind, failure } of outcomes) {
    assert.deepEqual([kind, failure?.code], ['waiting', 'FILE_COLD']);
    assert.match(failure?.text ?? '', /a readable copy of 1 part was asked for \(up to 48 hours, and 5 days to read\)/);
  }
  assert.deepEqual(await copies(scene), ['waits, ongoing', 'waits, ongoing']);
  assert.ok((await unitsOf(scene)).every(({ state, attempts }) => state === 'VERIFIED' && attempts === 0));
  assert.deepEqual(await purgeReasons(scene), ['purge: due, cold', 'purge: due, cold']);
  const { entries } = await collectPlan(scene.context, { source: 'ledger', filter: {} });
  assert.match(
    entries[0]?.reasons.map(reasonText).join('; ') ?? '',
    /lies in a cold class: readable copies were asked for at 20\d\d-.* up to 48 hours/,
  );

  assert.equal(await goOn(scene), 0, 'not there yet');
  assert.equal((await scene.run()).counts.waiting, 2, 'nor for a run');
  await scene.aws.admin.advanceClock(49 * hourSeconds);
  assert.equal(await goOn(scene), 2);
  assert.equal((await tableLines(scene)).size, 0);
  await assertAddsUp(scene, written);
  assert.deepEqual(await copies(scene), ['nothing waits, ready', 'nothing waits, ready']);
  assert.equal(await goOn(scene), 0);
});

test('a copy that nobody read in time is asked for again', async () => {
  await using scene = await openCold();
  await scene.run({ to: '2026-05' });
  await scene.aws.admin.advanceClock(49 * hourSeconds);
  await scene.aws.admin.advanceClock(6 * 24 * hourSeconds);
  await scene.aws.admin.runLifecycle();
  assert.equal(await goOn(scene), 1);
  assert.deepEqual((await copies(scene))[0], 'waits, ongoing');
  await scene.aws.admin.advanceClock(49 * hourSeconds);
  assert.equal(await goOn(scene), 1);
  assert.equal((await tableLines(scene)).size, 3_000);
});

test('only parts that are to be proved again are asked for: not those whose rows were purged before', async () => {
  await using scene = await openArchiveScene();
  await addRows(scene, ['2026-05']);
  const written = new Map(await tableLines(scene));
  await scene.policies({ purge: true });
  assert.equal((await scene.run()).counts.purgedRows, 3_000);
  await addRows(scene, ['2026-05']);
  for (const [line, count] of await tableLines(scene)) written.set(line, count);
  await scene.policies({ purge: false });
  await scene.run();
  await moveToDeepArchive(scene);
  await scene.policies({ purge: true });
  assert.equal((await scene.run()).counts.waiting, 1);
  assert.deepEqual(await copies(scene), ['nothing waits, not asked', 'waits, ongoing']);
  await scene.aws.admin.advanceClock(49 * hourSeconds);
  await goOn(scene);
  assert.equal((await tableLines(scene)).size, 0);
  await thaw(scene);
  await assertAddsUp(scene, written);
});

test('late rows and changed ones of a cold month wait with it, and none is lost', async () => {
  await using scene = await openCold();
  await scene.query("update ledger set note = 'changed' where id % 500 = 7");
  await scene.query(`insert into ledger (account, amount, created_at) values ('late', 1, '2026-05-11T00:00:00Z')`);
  const written = await tableLines(scene);
  for (let i = 0; i < 4 && (await tableLines(scene)).size > 0; i++) {
    assert.equal((await scene.run()).counts.failed, 0);
    await scene.aws.admin.advanceClock(49 * hourSeconds);
    await goOn(scene);
  }
  assert.equal((await tableLines(scene)).size, 0);
  await assertAddsUp(scene, written);
});

test('what is held, or kept, by the time its copy is there is not purged, and waits for nothing any more', async () => {
  await using scene = await openCold();
  await scene.run();
  await placeHold(scene.context, {
    source: 'ledger',
    from: '2026-05',
    to: '2026-06',
    reason: 'case 1',
    actor: 'test',
    signal,
  });
  await scene.aws.admin.advanceClock(49 * hourSeconds);
  assert.equal(await goOn(scene), 2);
  assert.equal((await tableLines(scene)).size, 6_000);
  assert.deepEqual(await copies(scene), ['nothing waits, ready', 'nothing waits, ready']);
  assert.equal(await goOn(scene), 0);
});

test('a writer that may not ask for copies is told which permission it lacks', async () => {
  await using scene = await openCold();
  const { accessKeyId, secretAccessKey } = scene.user;
  const { endpoint } = scene.aws;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region: archiveRegion, forcePathStyle: true, credentials });
  const Resource = `arn:aws:s3:::${archiveBucket}/*`;
  const deny = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:RestoreObject', Resource };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [deny] });
  await s3.send(new PutBucketPolicyCommand({ Bucket: archiveBucket, Policy }));
  s3.destroy();
  const { counts, outcomes } = await scene.run();
  assert.equal(counts.failed, 2);
  for (const { failure } of outcomes) {
    assert.equal(failure?.code, 'ACCESS_DENIED');
    assert.match(failure?.text ?? '', /s3:RestoreObject/);
  }
  assert.equal((await tableLines(scene)).size, 6_000);
});

test('what waits for a copy in a source that is not there any more is tried once, and then by the next run only', async () => {
  await using scene = await openCold();
  await scene.run();
  await scene.aws.admin.advanceClock(49 * hourSeconds);
  await using sources = sourceDatabases({ names: [], urlOf: () => assert.fail('it is not configured'), max: 5 });
  const gone = { ...scene.context, sources };
  assert.deepEqual([await goOnWithCopies(gone, signal), await goOnWithCopies(gone, signal)], [2, 0]);
  assert.deepEqual(await copies(scene), ['nothing waits, ready', 'nothing waits, ready']);
  assert.equal((await scene.run()).counts.purgedRows, 6_000);
});
