import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyBucket } from '../../../src/archive/bucket/apply.ts';
import { checkBucket } from '../../../src/archive/bucket/check.ts';
import { wantedBucket } from '../../../src/archive/bucket/wanted.ts';
import { planLocks } from '../../../src/archive/locks/extend-locks.ts';
import { openBucketAdmin } from '../../../src/aws/bucket-admin.ts';
import { S3ArchiveStore } from '../../../src/aws/s3-archive-store.ts';
import { listStoredTables } from '../../../src/registry/archive/list-archived-tables.ts';
import {
  type ArchiveScene,
  archiveBucket,
  archiveRegion,
  makeLedger,
  openArchiveScene,
} from '../../support/archive-scene.ts';
import { assertSound } from '../repair/repair-scene.ts';
import { extend, lastManifest, later, manifestLocks, nothing, partLocks } from './lock-scene.ts';

const stored = (mode: string, year: number) => [`2026-05 ${mode} ${year}-06-01`, `2026-06 ${mode} ${year}-07-01`];

/** Two months under GOVERNANCE, of which the policy makes COMPLIANCE for longer. */
async function openGoverned(): Promise<ArchiveScene> {
  const scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05', '2026-06'] });
  await scene.policies({ retentionYears: 7, lockMode: 'GOVERNANCE' });
  await scene.run();
  later(scene);
  await scene.policies({ retentionYears: 8, lockMode: 'COMPLIANCE' });
  return scene;
}

/** The bucket's own policy: nobody may bypass GOVERNANCE but these. */
async function allowBypass({ aws, user, context }: ArchiveScene, bypassRoleArns: readonly string[]): Promise<void> {
  const { accessKeyId, secretAccessKey } = user;
  const access = {
    s3Endpoint: aws.endpoint,
    stsEndpoint: aws.endpoint,
    baseCredentials: { accessKeyId, secretAccessKey },
  };
  await using admin = openBucketAdmin(access, { bucket: archiveBucket, region: archiveRegion });
  const destination = { ...context.destination, bypassRoleArns };
  const wanted = wantedBucket(destination, await listStoredTables(context.registry));
  await applyBucket({ admin, wanted });
  assert.ok((await checkBucket({ admin, wanted })).isFit);
}

test('GOVERNANCE becomes longer by itself, and COMPLIANCE only when asked for, by who is excepted from the bucket policy', async () => {
  await using scene = await openGoverned();
  await allowBypass(scene, []);
  assert.deepEqual(await planLocks(scene.context), [{ policy: 'ledgers', longer: 2, stronger: 2, kept: 0 }]);

  const done = { units: 2, parts: 2, manifests: 2, furtherManifests: 2, failed: 0, failures: [] };
  // The further manifests are new, and as the policy says.
  assert.deepEqual(await extend(scene), { ...done, weak: 4 });
  assert.deepEqual(await partLocks(scene), stored('GOVERNANCE', 2034));
  assert.deepEqual(
    (await manifestLocks(scene)).map((lock) => lock.slice(8, 18)),
    ['GOVERNANCE', 'GOVERNANCE', 'COMPLIANCE', 'COMPLIANCE'],
  );
  await assertSound(scene);
  assert.deepEqual(await extend(scene), { ...nothing, weak: 4 }, 'nothing more is done without being asked for');

  const denied = await extend(scene, { bypassesGovernance: true });
  assert.deepEqual([denied.parts, denied.manifests, denied.failed, denied.weak], [0, 0, 4, 4]);
  for (const { code, text } of denied.failures) {
    assert.equal(code, 'ACCESS_DENIED');
    assert.match(text, /s3:BypassGovernanceRetention.*archive\.destination\.bypassRoles/);
  }
  assert.deepEqual(await partLocks(scene), stored('GOVERNANCE', 2034));

  await allowBypass(scene, [scene.user.arn]);
  assert.deepEqual(await extend(scene), { ...nothing, weak: 4 }, 'who may bypass does not unless asked');
  assert.deepEqual(await extend(scene, { bypassesGovernance: true }), { ...done, units: 0, weak: 0 });
  assert.deepEqual(await partLocks(scene), stored('COMPLIANCE', 2034));
  assert.ok((await manifestLocks(scene)).every((lock) => lock.includes('COMPLIANCE')));
  assert.deepEqual((await lastManifest(scene)).files, ['COMPLIANCE 2034-07-01']);
  await assertSound(scene);
  assert.deepEqual(await extend(scene, { bypassesGovernance: true }), nothing);
});

test('the identity of the service is used for another mode only: all that is just longer is done as the writer', async () => {
  await using scene = await openGoverned();
  await scene.policies({ retentionYears: 8, lockMode: 'GOVERNANCE' });
  const opened: string[] = [];
  const openStore: typeof scene.context.openStore = (rights) => {
    const store = scene.context.openStore(rights);
    const extendLock: typeof store.extendLock = (...call) => {
      opened.push(rights);
      return S3ArchiveStore.prototype.extendLock.apply(store, call);
    };
    return Object.assign(store, { extendLock });
  };
  const { parts } = await extend({ ...scene, context: { ...scene.context, openStore } }, { bypassesGovernance: true });
  assert.equal(parts, 2);
  assert.deepEqual(new Set(opened), new Set(['writer']));
});
