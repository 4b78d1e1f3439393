import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeHold } from '../../../src/archive/holds/place-hold.ts';
import { extendEndingLocks } from '../../../src/archive/locks/extend-ending-locks.ts';
import { planLocks } from '../../../src/archive/locks/extend-locks.ts';
import { planPolicies } from '../../../src/archive/policy/apply-policies.ts';
import { parsePolicies } from '../../../src/archive/policy/parse-policy.ts';
import { differenceLines } from '../../../src/archive/policy/policy-difference.ts';
import { recoverArchive } from '../../../src/archive/recover/recover-archive.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { assertAddsUp, assertOnRecord, tableLines, unitsOf } from '../../support/archive-truth.ts';
import { backUpRegistry, loseRegistry } from '../../support/lost-registry.ts';
import { assertSound } from '../repair/repair-scene.ts';
import { extend, lastManifest, later, manifestLocks, nothing, partLocks } from './lock-scene.ts';

const months = ['2026-04', '2026-05', '2026-06'];
const { signal } = new AbortController();

/** Three months of one part each, locked for seven years. */
async function openLocked(policy: Readonly<Record<string, unknown>> = {}): Promise<ArchiveScene> {
  const scene = await openArchiveScene();
  await makeLedger(scene, { months });
  await scene.policies({ retentionYears: 7, ...policy });
  const { counts, outcomes } = await scene.run();
  assert.equal(counts.failed, 0, JSON.stringify(outcomes));
  later(scene);
  return scene;
}

const until = (year: number, mode = 'COMPLIANCE') =>
  months.map((month) => `${month} ${mode} ${year}-${nextOf(month)}-01`);
const nextOf = (month: string) => String(Number(month.slice(5)) + 1).padStart(2, '0');

test('a longer retention reaches every part and manifest that is stored, by its version, and a further manifest says so', async () => {
  await using scene = await openLocked();
  assert.deepEqual(await partLocks(scene), until(2033));
  await scene.policies({ retentionYears: 12 });
  assert.deepEqual(await planLocks(scene.context), [{ policy: 'ledgers', longer: 3, stronger: 0, kept: 0 }]);
  assert.deepEqual(await partLocks(scene), until(2033), 'a plan changes nothing');
  assert.deepEqual(await extend(scene), { ...nothing, units: 3, parts: 3, manifests: 3, furtherManifests: 3 });
  assert.deepEqual(await partLocks(scene), until(2038));
  const longest = '2038-07-01';
  assert.deepEqual(await manifestLocks(scene), [
    ...until(2038),
    ...months.map((month) => `${month} COMPLIANCE ${longest}`),
  ]);
  assert.deepEqual(await lastManifest(scene), {
    period: '2026-06',
    files: [`COMPLIANCE ${longest}`],
    previous: longest,
    years: 12,
  });
  assert.deepEqual(
    (await unitsOf(scene)).map(({ retainUntil }) => retainUntil.toISOString().slice(0, 10)),
    ['2038-05-01', '2038-06-01', '2038-07-01'],
  );
  await assertOnRecord(scene);
  await assertSound(scene);
  assert.deepEqual(await extend(scene), nothing, 'a second time there is nothing left to do');
  await scene.run();
  assert.equal((await manifestLocks(scene)).length, 6, 'nor has a run anything new to say');
  const events = await scene.registryQuery<{ action: string; subject: string; detail: unknown }>(
    `select action, subject, detail from registry.audit_event where action in ('retention.raised', 'locks.extended') order by id`,
  );
  assert.deepEqual(events, [
    {
      action: 'retention.raised',
      subject: 'policy/ledgers',
      detail: { units: 3, retentionYears: 12, lockMode: 'COMPLIANCE', until: '2038-07-01T00:00:00.000Z' },
    },
    {
      action: 'locks.extended',
      subject: 'source/ledger',
      detail: { parts: 3, manifests: 3, until: '2038-07-01T00:00:00.000Z' },
    },
  ]);
});

test('the months of one source only are locked longer when it is named, and a policy that is switched off wants nothing', async () => {
  await using scene = await openLocked();
  await scene.policies({ retentionYears: 12 });
  assert.deepEqual(await extend(scene, { source: 'other' }), nothing);
  await scene.policies({ retentionYears: 12, enabled: false });
  assert.deepEqual(await extend(scene), nothing);
  assert.deepEqual(await partLocks(scene), until(2033));
});

test('by itself the service makes a lock longer only when it ends soon, so that a slip in a policy can be mended before', async () => {
  await using scene = await openLocked({ classification: 'operational', retentionYears: 1 });
  await scene.policies({ classification: 'operational', retentionYears: 5 });
  const byItself = () => extendEndingLocks(scene.context, { actor: 'test', signal });
  assert.deepEqual(await byItself(), nothing);
  assert.deepEqual(await partLocks(scene), until(2027));
  scene.setNow(new Date('2027-03-01T00:00:00Z'));
  assert.equal((await byItself()).parts, 1);
  assert.deepEqual(await partLocks(scene), [...until(2031).slice(0, 1), ...until(2027).slice(1)]);
  assert.deepEqual(await byItself(), nothing);
  await assertOnRecord(scene);
});

test('manifests of a month that is kept for longer than those after it take these along', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { table: 'long', months: ['2026-04'] });
  await makeLedger(scene, { table: 'brief', months: ['2026-05', '2026-06'] });
  const brief = { name: 'brief', tables: ['public.brief'], classification: 'operational', retentionYears: 1 };
  const long = { name: 'long', tables: ['public.long'], classification: 'operational' };
  await scene.policies({ ...long, retentionYears: 1 }, brief);
  await scene.run();
  later(scene);
  await scene.policies({ ...long, retentionYears: 5 }, brief);
  assert.deepEqual(await extend(scene), { ...nothing, units: 1, parts: 1, manifests: 3, furtherManifests: 1 });
  assert.deepEqual(await manifestLocks(scene), [
    '2026-04 COMPLIANCE 2031-05-01',
    '2026-05 COMPLIANCE 2031-05-01',
    '2026-06 COMPLIANCE 2031-05-01',
    '2026-04 COMPLIANCE 2031-05-01',
  ]);
  assert.deepEqual(await partLocks(scene), [
    '2026-04 COMPLIANCE 2031-05-01',
    '2026-05 COMPLIANCE 2027-06-01',
    '2026-06 COMPLIANCE 2027-07-01',
  ]);
  await assertSound(scene);
});

test('a shorter retention and a weaker lock change nothing that is stored, and the plan says what is kept', async () => {
  await using scene = await openLocked({ retentionYears: 12 });
  const wanted = { retentionYears: 7, lockMode: 'GOVERNANCE' };
  const policies = parsePolicies([
    {
      name: 'ledgers',
      source: 'ledger',
      tables: ['public.ledger'],
      timeColumn: 'created_at',
      classification: 'financial',
      ...wanted,
    },
  ]);
  const { stored, ...rest } = await planPolicies(scene.context, policies);
  assert.deepEqual(stored, [{ policy: 'ledgers', longer: 0, stronger: 0, kept: 3 }]);
  const lines = differenceLines({ ...rest, stored });
  assert.ok(
    lines.some((line) => /3 stored parts keep their locks: none is made shorter or weaker/.test(line)),
    lines.join('\n'),
  );
  await scene.policies(wanted);
  assert.deepEqual(await extend(scene), nothing);
  assert.deepEqual(await partLocks(scene), until(2038));
  assert.equal((await manifestLocks(scene)).length, 3);
});

test('a registry that is rebuilt, or was set back, knows the longer locks: from the manifests, and from the objects', async () => {
  for (const happened of ['lost', 'set back', 'set back, and gone on with'] as const) {
    await using scene = await openLocked();
    scene.setNow(new Date());
    const bringBack = happened === 'lost' ? () => loseRegistry(scene) : await backUpRegistry(scene);
    await scene.policies({ retentionYears: 12 });
    await extend(scene);
    const before = { parts: await partLocks(scene), manifests: await manifestLocks(scene) };
    await bringBack();
    const isGoneOn = happened === 'set back, and gone on with';
    if (isGoneOn) {
      // What the bucket knows and the registry does not is taken over first: nothing is written on an old chain.
      await scene.policies({ retentionYears: 13 });
      const { failures, furtherManifests } = await extend(scene);
      assert.deepEqual(
        [failures.map(({ object, code }) => [object, code]), furtherManifests],
        [[['manifests of ledger', 'CHAIN_BROKEN']], 0],
      );
      assert.equal((await manifestLocks(scene)).length, 3);
    }
    await recoverArchive(scene.context, { isDryRun: false, actor: 'test', signal });
    if (!isGoneOn) assert.deepEqual(await partLocks(scene), before.parts, happened);
    if (happened === 'lost') assert.deepEqual(await manifestLocks(scene), before.manifests);
    await scene.policies({ retentionYears: 13 });
    const { failed } = await extend(scene);
    assert.equal(failed, 0);
    assert.deepEqual(await partLocks(scene), until(2039));
    assert.deepEqual((await lastManifest(scene)).files, ['COMPLIANCE 2039-07-01']);
    assert.deepEqual(await extend(scene), nothing);
    later(scene);
    await assertSound(scene);
  }
});

test('what is under a hold is locked longer like anything else, and stays held', async () => {
  await using scene = await openLocked();
  await placeHold(scene.context, {
    source: 'ledger',
    from: '2026-05',
    to: '2026-05',
    reason: 'case 1',
    actor: 'test',
    signal,
  });
  await scene.policies({ retentionYears: 12 });
  assert.equal((await extend(scene)).parts, 3);
  assert.deepEqual(await partLocks(scene), until(2038));
  await using store = scene.context.openStore('verifier');
  const held: boolean[] = [];
  for (const { parts } of await unitsOf(scene)) {
    for (const { key, versionId } of parts) held.push(await store.legalHold(key, versionId ?? ''));
  }
  assert.deepEqual(held, [false, true, false]);
});

test('an object that cannot be locked is named with what is wrong, stops no other, and is tried again', async () => {
  await using scene = await openLocked({ lockMode: 'GOVERNANCE' });
  const [lost] = (await unitsOf(scene)).flatMap(({ parts }) => parts);
  assert.ok(lost?.versionId);
  const address = { bucket: archiveBucket, key: lost.key, versionId: lost.versionId };
  await scene.aws.admin.deleteObject({ ...address });
  await scene.aws.admin.damageObject({ ...address, unlock: true }).catch(() => undefined);
  await scene.aws.admin.deleteObject(address);
  await scene.policies({ retentionYears: 12, lockMode: 'GOVERNANCE' });
  for (const parts of [2, 0]) {
    const extension = await extend(scene);
    assert.deepEqual([extension.parts, extension.failed], [parts, 1]);
    assert.deepEqual(
      extension.failures.map(({ object, code }) => [object, code]),
      [[`s3://${archiveBucket}/${lost.key}`, 'FILE_MISSING']],
    );
  }
  await using elsewhere = await openArchiveScene();
  const { openStore } = elsewhere.context;
  await scene.policies({ retentionYears: 13, lockMode: 'GOVERNANCE' });
  const other = {
    ...scene,
    context: {
      ...scene.context,
      openStore: (rights: 'writer' | 'verifier' | 'own') => Object.assign(openStore(rights), { bucket: 'another' }),
    },
  };
  const { failed, failures } = await extend(other);
  assert.equal(failed, 8);
  assert.match(failures[0]?.text ?? '', /it lies in bucket ledger-archive, and the archive's bucket is another/);
});

test('rows of a month that is locked longer are purged, and late ones archived, under the new lock', async () => {
  await using scene = await openLocked();
  const written = new Map(await tableLines(scene));
  await scene.policies({ retentionYears: 12, purge: true });
  await extend(scene);
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 3 });
  for (const [line, count] of await tableLines(scene)) written.set(line, count);
  assert.equal((await scene.run()).counts.failed, 0);
  assert.equal((await tableLines(scene)).size, 0);
  assert.deepEqual(await partLocks(scene), [...until(2038).slice(0, 2), ...until(2038).slice(1)]);
  await assertAddsUp(scene, written);
  await assertSound(scene);
});
