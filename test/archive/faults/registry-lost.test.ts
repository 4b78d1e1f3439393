import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeHold } from '../../../src/archive/holds/place-hold.ts';
import { recoverArchive } from '../../../src/archive/recover/recover-archive.ts';
import { validateArchive } from '../../../src/archive/validate/validate-archive.ts';
import { isAppError } from '../../../src/errors.ts';
import { listHolds, releaseHold } from '../../../src/registry/archive/hold.ts';
import { atStep, runUntil } from '../../support/archive-at-step.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import {
  assertAddsUp,
  assertCovers,
  assertOnRecord,
  essence,
  tableLines,
  unitsOf,
} from '../../support/archive-truth.ts';
import { backUpRegistry, loseRegistry } from '../../support/lost-registry.ts';
import { assertSound, flip, repair } from '../repair/repair-scene.ts';

const months = ['2026-05', '2026-06'];
const policy = { purge: true, partRows: 1_000 };

function recover(scene: ArchiveScene, options: { readonly isDryRun?: boolean; readonly source?: string } = {}) {
  const { isDryRun = false, source } = options;
  const signal = new AbortController().signal;
  return recoverArchive(scene.context, { source, isDryRun, actor: 'test', signal });
}

/** What of a unit a recovery brings back; its ranges are found when they are needed. */
async function essences(scene: ArchiveScene) {
  return (await unitsOf(scene)).map((unit) => ({
    ...essence(unit),
    ranges: undefined,
    id: unit.parts.map(({ key }) => key),
  }));
}

async function assertClean(scene: ArchiveScene): Promise<void> {
  const validation = await validateArchive(scene.context, {
    selection: {},
    level: 'full',
    trigger: 'manual',
    actor: 'test',
    signal: new AbortController().signal,
  });
  assert.deepEqual(
    validation.findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.ok(validation.isClean);
}

/** Two months of 2,500 rows: one purged, with a late row and a row that departed; of the other a part of the rows changed. */
async function archiveSome(scene: ArchiveScene): Promise<Awaited<ReturnType<typeof tableLines>>> {
  await makeLedger(scene, { months, rowsPerMonth: 2_500 });
  await scene.policies({ ...policy, purge: false });
  await scene.run();
  // Archived, and then changed: what a row was departs, and what it is becomes a further part.
  await scene.query(`update ledger set note = 'changed' where id % 1000 = 7`);
  const written = await tableLines(scene);
  await scene.policies(policy);
  await scene.run();
  await makeLedger(scene, { months: ['2026-06'], rowsPerMonth: 3 });
  for (const [line, count] of await tableLines(scene)) written.set(line, count);
  await scene.run();
  assert.equal((await tableLines(scene)).size, 0);
  return written;
}

test('a lost registry is rebuilt from the bucket: the same units, restorable to the last row, and nothing is archived twice', async () => {
  await using scene = await openArchiveScene();
  const written = await archiveSome(scene);
  const before = await essences(scene);
  await loseRegistry(scene);
  await assert.rejects(
    scene.run(),
    (error) => isAppError(error, 'CHAIN_BROKEN') && /archive recover/.test(error.message),
  );
  const dry = await recover(scene, { isDryRun: true });
  assert.equal((await unitsOf(scene)).length, 0);
  const { sources, ignored } = await recover(scene);
  assert.deepEqual(ignored, []);
  assert.deepEqual(
    sources,
    dry.sources.map((source) => ({ ...source, newParts: source.parts })),
  );
  assert.deepEqual(await essences(scene), before);
  await assertOnRecord(scene);
  await assertAddsUp(scene, written);
  await assertClean(scene);
  // The archive goes on: late rows of an old range, and nothing else.
  await scene.query(`insert into ledger (account, amount, created_at) values ('late', 1, '2026-05-11T00:00:00Z')`);
  for (const [line, count] of await tableLines(scene)) written.set(line, count);
  const { counts } = await scene.run();
  assert.equal(counts.purgedRows, 1);
  assert.equal((await tableLines(scene)).size, 0);
  await assertAddsUp(scene, written);
  await assertOnRecord(scene);
  assert.deepEqual(
    (await recover(scene)).sources.map(({ newManifests, newParts }) => [newManifests, newParts]),
    [[0, 0]],
  );
});

test('a registry that was set back takes over what came since, wherever it was, and knows every purge', async () => {
  for (const at of ['part.intended', 'part.stored', 'unit.verified', 'manifest.prepared', 'purge.intended'] as const) {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months, rowsPerMonth: 2_500 });
    const written = await tableLines(scene);
    await scene.policies(policy);
    await runUntil(scene, at);
    const setBack = await backUpRegistry(scene);
    await scene.policies(policy);
    await scene.run();
    await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 20 });
    for (const [line, count] of await tableLines(scene)) written.set(line, count);
    await scene.run();
    const before = await essences(scene);
    await setBack();
    await scene.policies(policy);
    await recover(scene);
    assert.deepEqual(await essences(scene), before, at);
    await scene.run();
    assert.deepEqual(await essences(scene), before, at);
    await assertOnRecord(scene);
    await assertAddsUp(scene, written);
  }
});

test('a recovery that is stopped anywhere goes on when it is called again; until then nothing is archived', async () => {
  for (const at of ['recover.unit', 'recover.manifest'] as const) {
    await using scene = await openArchiveScene();
    const written = await archiveSome(scene);
    const before = await essences(scene);
    await loseRegistry(scene);
    const stop = new AbortController();
    const stopped = atStep(
      at,
      () => stop.abort(new Error('stopped by the test')),
      () => recoverArchive(scene.context, { isDryRun: false, actor: 'test', signal: stop.signal }),
    );
    await assert.rejects(stopped, /stopped by the test/);
    await assert.rejects(scene.run(), (error) => isAppError(error, 'CHAIN_BROKEN'));
    await recover(scene);
    assert.deepEqual(await essences(scene), before);
    await assertAddsUp(scene, written);
  }
});

test('rows that were purged when no manifest told of it yet are not taken for rows that others deleted', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 5_000 });
  const written = await tableLines(scene);
  await scene.policies(policy);
  // Two of five ranges are gone.
  await runUntil(scene, 'purge.settled', {}, { times: 2 });
  assert.equal((await tableLines(scene)).size, 3_000);
  await loseRegistry(scene);
  await recover(scene);
  await scene.query(`insert into ledger (account, amount, created_at) values ('late', 1, '2026-05-01T00:10:00Z')`);
  await scene.query('delete from ledger where id = 4500');
  for (const [line, count] of await tableLines(scene)) written.set(line, count);
  await scene.run();
  await scene.run();
  assert.equal((await tableLines(scene)).size, 0);
  const gone = (await unitsOf(scene)).flatMap(({ departed }) => departed);
  assert.equal(gone.length, 1);
  const left = [...written].filter(([line]) => !line.startsWith('4500\t'));
  await assertAddsUp(scene, new Map(left));
});

test('what is not signed by a known key is passed over, and hides nothing', async () => {
  await using scene = await openArchiveScene();
  const written = await archiveSome(scene);
  const before = await essences(scene);
  const [manifest] = await scene.registryQuery<{ key: string; body: string }>(
    'select key, body from registry.archive_manifest where sequence = 2',
  );
  assert.ok(manifest);
  const put = (key: string, body: string) =>
    scene.aws.admin.putObject({ bucket: archiveBucket, key, body: Buffer.from(body) });
  await put(manifest.key, 'no manifest');
  await put('archive/_manifests/ledger/2026/05/manifest-000099.json', manifest.body.replace('ledger', 'lodger'));
  await put('archive/_manifests/other/2026/05/manifest-000001.json', manifest.body);
  await loseRegistry(scene);
  const { sources, ignored } = await recover(scene);
  assert.deepEqual(
    sources.map(({ source }) => source),
    ['ledger'],
  );
  assert.equal(ignored.length, 3);
  assert.deepEqual(await essences(scene), before);
  await assertAddsUp(scene, written);
});

test('a copy of a manifest that somebody put over it is not taken for it: what was stored first, and locked, stands', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 50 });
  await scene.policies(policy);
  await scene.run();
  const manifests = () =>
    scene.registryQuery<{ key: string; body: string; version: string }>(
      'select key, body, version_id as version from registry.archive_manifest order by sequence',
    );
  const before = await manifests();
  for (const { key, body } of before) {
    await scene.aws.admin.putObject({ bucket: archiveBucket, key, body: Buffer.from(body) });
  }
  await loseRegistry(scene);
  assert.deepEqual((await recover(scene)).ignored, []);
  assert.deepEqual(await manifests(), before);
});

test('what is only called like a manifest stops no recovery: empty, odd names and odd bytes', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 50 });
  await scene.policies(policy);
  await scene.run();
  const [first] = await scene.registryQuery<{ body: string }>('select body from registry.archive_manifest');
  const signed = first?.body ?? '';
  const junk = [
    ['empty/manifest.json', ''],
    ['deep/manifest.json', '['.repeat(100_000)],
    ['twice/manifest.json', signed.replace('{', '{"source":"other",')],
    ['number/manifest.json', signed.replace(/"sequence":\d+/, '"sequence":1e2')],
    ['surrogate/manifest.json', '{"a":"\\ud800"}'],
    ['_manifests/ledger/../manifest-1.json', signed],
    ['_manifests/ledger/9999/99/manifest-000007.json', signed],
  ] as const;
  for (const [name, body] of junk) {
    await scene.aws.admin.putObject({ bucket: archiveBucket, key: `archive/${name}`, body: Buffer.from(body) });
  }
  const before = await essences(scene);
  await loseRegistry(scene);
  const { ignored } = await recover(scene);
  assert.deepEqual(ignored.map(({ key }) => key).sort(), junk.map(([name]) => `archive/${name}`).sort());
  assert.deepEqual(await essences(scene), before);
});

test('snapshots and the flat layout come back as well', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 50 });
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 5, table: 'rates' });
  const written = await tableLines(scene);
  const policies = [
    { ...policy, layout: 'flat' },
    { name: 'rates', tables: ['public.rates'], mode: 'snapshot', timeColumn: undefined, layout: 'flat' },
  ];
  await scene.policies(...policies);
  await scene.run();
  const before = await essences(scene);
  assert.equal(before.length, 2);
  await loseRegistry(scene);
  await recover(scene);
  assert.deepEqual(await essences(scene), before);
  await assertAddsUp(scene, written, { table: 'public.ledger' });
  await assertClean(scene);
  const { plan } = await scene.run();
  assert.ok(plan.entries.every(({ action }) => action === 'none'));
});

test('a manifest that is missing before its time stops the recovery by name; parts that are missing are told of', async () => {
  await using scene = await openArchiveScene();
  const written = await archiveSome(scene);
  const [second] = await scene.registryQuery<{ key: string; version: string }>(
    'select key, version_id as version from registry.archive_manifest where sequence = 2',
  );
  const [part] = await scene.registryQuery<{ key: string; version: string }>(
    'select key, version_id as version from registry.archive_part order by id limit 1',
  );
  assert.ok(second && part);
  await loseRegistry(scene);
  await remove(scene, part);
  const { sources } = await recover(scene, { isDryRun: true });
  assert.deepEqual(sources[0]?.missing, [`s3://ledger-archive/${part.key}`]);
  await remove(scene, second);
  await assert.rejects(
    recover(scene),
    (error) => isAppError(error, 'CHAIN_BROKEN') && error.message.includes(second.key),
  );
  assert.equal((await unitsOf(scene)).length, 0);
  assert.ok(written.size > 0);
});

test('holds are placed again: those of the newest manifest, and those found on objects only', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months, rowsPerMonth: 50 });
  const written = await tableLines(scene);
  await scene.policies({ ...policy, purge: false });
  const signal = new AbortController().signal;
  await scene.run({ to: '2026-05' });
  await placeHold(scene.context, {
    source: 'ledger',
    from: '2026-06',
    to: '2026-06',
    reason: 'case 1',
    actor: 'test',
    signal,
  });
  await scene.run();
  await placeHold(scene.context, {
    source: 'ledger',
    table: 'public.ledger',
    from: '2026-05',
    to: '2026-05',
    reason: 'case 2',
    actor: 'test',
    signal,
  });
  await loseRegistry(scene);
  await recover(scene);
  const holds = await listHolds(scene.context.registry, { source: 'ledger', now: scene.context.now() });
  assert.deepEqual(
    holds.map(({ table, from, to }) => [table, from, to]),
    [
      [null, '2026-06', '2026-06'],
      ['public.ledger', '2026-05', '2026-05'],
    ],
  );
  await scene.policies(policy);
  assert.equal((await scene.run()).counts.purgedRows, 0);
  await assertCovers(scene, written);
  assert.equal((await recover(scene)).sources[0]?.holds, 0);
});

test('an archive whose prefix was changed, and changed again, is rebuilt from what lies below all of them', async () => {
  for (const [first, layout] of [
    ['archive', 'hive'],
    ['archive/old', 'flat'],
    ['', 'hive'],
  ] as const) {
    await using scene = await openArchiveScene();
    const destination = scene.context.destination as { prefix: string; formerPrefixes: readonly string[] };
    destination.formerPrefixes = [first, 'archive'];
    await scene.policies({ ...policy, layout });
    const written = new Map<string, number>();
    for (const [i, prefix] of [first, 'archive', 'later/archive'].entries()) {
      destination.prefix = prefix;
      await makeLedger(scene, { months: [`2026-0${i + 4}`], rowsPerMonth: 50 });
      for (const [line, count] of await tableLines(scene)) written.set(line, count);
      assert.equal((await scene.run()).counts.purgedRows, 50);
    }
    const before = await essences(scene);
    await loseRegistry(scene);
    const { ignored } = await recover(scene);
    assert.deepEqual(ignored, []);
    assert.deepEqual(await essences(scene), before);
    await assertAddsUp(scene, written);
    assert.equal((await scene.run()).counts.failed, 0);
  }
});

test('a hold that was placed after one like it was released is placed again where the registry only knows the released one', async () => {
  for (const reason of ['case 17', 'case 1']) {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months, rowsPerMonth: 50 });
    await scene.policies({ ...policy, purge: false });
    await scene.run({ to: '2026-05' });
    const signal = new AbortController().signal;
    const ask = { source: 'ledger', table: 'public.ledger', from: '2026-06', actor: 'test', signal };
    const { hold } = await placeHold(scene.context, { ...ask, reason: 'case 1' });
    await releaseHold(scene.context.registry, { id: hold.id, actor: 'test', reason: 'settled' });
    const setBack = await backUpRegistry(scene);
    await placeHold(scene.context, { ...ask, reason });
    scene.setNow(new Date(Date.now() + 60_000));
    await scene.policies(policy);
    await scene.run({ to: '2026-05' });
    await setBack();
    await scene.policies(policy);
    await recover(scene);
    await scene.run();
    assert.equal((await tableLines(scene)).size, 50, reason);
    assert.equal((await recover(scene)).sources[0]?.holds, 0);
  }
});

test('a part that was repaired stays repaired: what stands for it is taken over with it, and the archive goes on', async () => {
  for (const isSetBack of [false, true]) {
    await using scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 5_000 });
    const written = await tableLines(scene);
    await scene.policies({ ...policy, purge: false });
    await scene.run();
    const setBack = isSetBack ? await backUpRegistry(scene) : () => loseRegistry(scene);
    const [damaged] = (await unitsOf(scene)).flatMap(({ parts }) => parts);
    assert.ok(damaged);
    await flip(scene, damaged);
    await assert.rejects(assertClean(scene));
    const [faulty] = await unitsOf(scene);
    assert.ok(faulty);
    await repair(scene, faulty);
    const replacements = async () =>
      (await unitsOf(scene)).flatMap((unit) =>
        unit.replacements.map(({ id: _, partId, newPartId, ...rest }) => ({
          ...rest,
          part: unit.replacedParts.find(({ id }) => id === partId)?.key,
          by: unit.parts.find(({ id }) => id === newPartId)?.key,
        })),
      );
    const before = { units: await essences(scene), replacements: await replacements() };
    assert.equal(before.replacements.length, 1);
    await setBack();
    await scene.policies({ ...policy, purge: false });
    await recover(scene);
    assert.deepEqual({ units: await essences(scene), replacements: await replacements() }, before);
    await assertSound(scene, ['REPLACED']);
    await scene.policies(policy);
    assert.equal((await scene.run()).counts.purgedRows, 5_000);
    await assertAddsUp(scene, written);
  }
});

/** As the bucket's owner could, its lock bypassed. */
async function remove(scene: ArchiveScene, { key, version }: { readonly key: string; readonly version: string }) {
  const object = { bucket: archiveBucket, key, versionId: version };
  await scene.aws.admin.damageObject({ ...object, unlock: true });
  await scene.aws.admin.deleteObject(object);
}
