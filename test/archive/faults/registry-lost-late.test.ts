import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveExpiry } from '../../../src/archive/expiry/prove-expiry.ts';
import { type Recovery, recoverArchive } from '../../../src/archive/recover/recover-archive.ts';
import { isAppError } from '../../../src/errors.ts';
import { listManifests } from '../../../src/registry/archive/manifest.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { loseRegistry } from '../../support/lost-registry.ts';
import { validate } from '../validate/archived-scene.ts';

const { signal } = new AbortController();
const recover = (scene: ArchiveScene): Promise<Recovery> =>
  recoverArchive(scene.context, { isDryRun: false, actor: 'test', signal });

/** Three months, of which the first is kept for longest: the manifests of the others are kept as long as that. */
async function openKept(): Promise<ArchiveScene> {
  const scene = await openArchiveScene();
  await makeLedger(scene, { table: 'long', months: ['2026-04'] });
  await makeLedger(scene, { table: 'brief', months: ['2026-05', '2026-06'] });
  const policy = { classification: 'operational', lockMode: 'GOVERNANCE' };
  await scene.policies(
    { ...policy, name: 'long', tables: ['public.long'], retentionYears: 3 },
    { ...policy, name: 'brief', tables: ['public.brief'], retentionYears: 1 },
  );
  assert.equal((await scene.run()).counts.failed, 0);
  return scene;
}

const manifestsOf = ({ context }: ArchiveScene) => listManifests(context.registry, { source: 'ledger' });

/** As the bucket's owner could. */
async function unlock(scene: ArchiveScene, sequence: number) {
  const manifest = (await manifestsOf(scene)).find((one) => one.sequence === sequence);
  assert.ok(manifest?.versionId);
  const object = { bucket: archiveBucket, key: manifest.key, versionId: manifest.versionId };
  await scene.aws.admin.damageObject({ ...object, unlock: true });
  return object;
}

test('a recovered registry knows until when every manifest is kept, and calls none overdue before', async () => {
  await using scene = await openKept();
  const before = (await manifestsOf(scene)).map(({ sequence, lockMode, retainUntil }) => ({
    sequence,
    lockMode,
    retainUntil,
  }));
  assert.deepEqual(
    before.map(({ retainUntil }) => retainUntil.toISOString().slice(0, 10)),
    ['2029-05-01', '2029-05-01', '2029-05-01'],
  );
  await loseRegistry(scene);
  await recover(scene);
  assert.deepEqual(
    (await manifestsOf(scene)).map(({ sequence, lockMode, retainUntil }) => ({ sequence, lockMode, retainUntil })),
    before,
  );
  // The parts of the two months are over, and their manifests are not.
  scene.setNow(new Date('2028-06-01T00:00:00Z'));
  const { overdue, waiting, findings } = await proveExpiry(scene.context, { actor: 'test', signal });
  const overdueKeys = findings.map(({ object }) => object);
  assert.deepEqual([overdue, waiting], [2, 0]);
  assert.ok(
    overdueKeys.every((key) => /public\.brief/.test(key)),
    overdueKeys.join('\n'),
  );
});

test('a lock that was lifted from a manifest shows after a recovery as well: the manifests say until when', async () => {
  await using scene = await openKept();
  const { key } = await unlock(scene, 3);
  await loseRegistry(scene);
  await recover(scene);
  // After the parts of its month, before the manifest before it.
  scene.setNow(new Date('2028-06-01T00:00:00Z'));
  const { findings } = await validate(scene, 'head');
  assert.deepEqual(
    findings.filter(({ subject }) => subject.endsWith(key)).map(({ code }) => code),
    ['LOCK_MISSING'],
  );
});

test('a beginning of the chain that has expired is no loss to a recovery, and one that has not stops it', async () => {
  await using scene = await openKept();
  for (const sequence of [1, 2]) await scene.aws.admin.deleteObject(await unlock(scene, sequence));
  await loseRegistry(scene);
  await assert.rejects(
    recover(scene),
    (error) =>
      isAppError(error, 'CHAIN_BROKEN') &&
      /manifest 2 .* is missing, and it is to be kept until 2029-05-01/.test(error.message),
  );
  scene.setNow(new Date('2029-05-02T00:00:00Z'));
  const { sources } = await recover(scene);
  assert.deepEqual(
    sources.map(({ firstManifest, lastManifest, newManifests }) => [firstManifest, lastManifest, newManifests]),
    [[3, 3, 1]],
  );
  const { findings } = await validate(scene, 'head');
  assert.deepEqual(
    findings.filter(({ code }) => code === 'CHAIN_BROKEN' || code === 'MANIFEST_MISSING'),
    [],
  );
});
