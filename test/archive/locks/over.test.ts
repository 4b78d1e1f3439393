import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiryDays, longestLockDays } from '../../../src/archive/bucket/lock-days.ts';
import { proveExpiry } from '../../../src/archive/expiry/prove-expiry.ts';
import { monthOf, previousMonth, retainUntil } from '../../../src/archive/month.ts';
import { listStoredTables } from '../../../src/registry/archive/list-archived-tables.ts';
import { aging } from '../../support/aging.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { dayMillis, validate } from '../validate/archived-scene.ts';
import { extend, nothing } from './lock-scene.ts';

const { signal } = new AbortController();
// The stand-in's clock begins at the present.
const month = previousMonth(monthOf(new Date()));
const policy = { classification: 'operational', hotDays: 0 };
const prove = (scene: ArchiveScene) => proveExpiry(scene.context, { actor: 'test', signal });

/** A month that is locked for a year, and a bucket with the lifecycle that goes with it. */
async function openAging() {
  const scene = await openArchiveScene({ now: new Date() });
  await makeLedger(scene, { months: [month] });
  await scene.policies({ ...policy, retentionYears: 1 });
  assert.equal((await scene.run()).counts.verified, 1);
  return Object.assign(aging(scene), {
    async expiresAfterDays(): Promise<number> {
      const [first] = await listStoredTables(scene.context.registry);
      assert.ok(first);
      return expiryDays(longestLockDays(first));
    },
  });
}

async function partStates({ registryQuery }: ArchiveScene): Promise<readonly string[]> {
  const rows = await registryQuery<{ state: string }>('select state::text from registry.archive_part');
  return rows.map(({ state }) => state);
}

test("what is locked longer expires at its new date: the bucket's lifecycle has to follow, and nothing is called expired before", async () => {
  await using scene = await openAging();
  await scene.applyLifecycle();
  const first = await scene.expiresAfterDays();
  await scene.policies({ ...policy, retentionYears: 2 });
  assert.deepEqual((await extend(scene)).failures, []);
  assert.equal(await scene.applyLifecycle(), false, 'its rules are those of the former date');
  const second = await scene.expiresAfterDays();
  assert.ok(second >= first + 365, `${first} days, then ${second}`);
  await scene.advance(first + 40);
  const none = { expiredParts: 0, expiredManifests: 0, waiting: 0, overdue: 0, unchecked: 0, findings: [] };
  assert.deepEqual(await prove(scene), none);
  assert.ok((await validate(scene, 'full')).isClean);
  await scene.advance(second - first - 38);
  await scene.advance(8);
  await scene.advance(2);
  assert.deepEqual(await prove(scene), { ...none, expiredParts: 1, waiting: 2 }, 'manifests outlive their parts');
  await scene.advance(140);
  await scene.advance(8);
  await scene.advance(2);
  assert.deepEqual(await prove(scene), { ...none, expiredManifests: 2 });
  assert.deepEqual((await validate(scene, 'full')).findings, []);
});

test('what is over and still there is locked again; what is over and gone is no failure, and stays gone', async () => {
  await using scene = await openAging();
  await scene.advance(Math.ceil((retainUntil(month, 1).getTime() - Date.now()) / dayMillis) + 1);
  await scene.policies({ ...policy, retentionYears: 2 });
  assert.deepEqual(await extend(scene), { ...nothing, units: 1, parts: 1, manifests: 1, furtherManifests: 1 });
  assert.equal((await prove(scene)).waiting, 0);
  assert.ok((await validate(scene, 'full')).isClean);

  await scene.applyLifecycle();
  const gone = await scene.expiresAfterDays();
  await scene.advance(gone);
  await scene.advance(8);
  await scene.advance(2);
  await scene.policies({ ...policy, retentionYears: 5 });
  const extension = await extend(scene);
  assert.deepEqual([extension.units, extension.parts, extension.failed], [1, 0, 0]);
  assert.equal((await prove(scene)).expiredParts, 1);
  assert.deepEqual(await partStates(scene), ['EXPIRED']);
  await scene.policies({ ...policy, retentionYears: 6 });
  assert.deepEqual((await extend(scene)).failures, []);
  assert.deepEqual((await validate(scene, 'full')).findings, []);
});

test('what would be over by the new retention as well is left alone', async () => {
  await using scene = await openAging();
  await scene.advance(3 * 366);
  await scene.policies({ ...policy, retentionYears: 2 });
  assert.deepEqual(await extend(scene), nothing);
});
