import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiryDays, longestLockDays } from '../../../src/archive/bucket/lock-days.ts';
import { proveExpiry } from '../../../src/archive/expiry/prove-expiry.ts';
import { placeHold } from '../../../src/archive/holds/place-hold.ts';
import { releaseHold } from '../../../src/archive/holds/release-hold.ts';
import { monthOf, previousMonth, retainUntil } from '../../../src/archive/month.ts';
import { validateArchive } from '../../../src/archive/validate/validate-archive.ts';
import { listStoredTables } from '../../../src/registry/archive/list-archived-tables.ts';
import { type Aging, aging } from '../../support/aging.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';

const { signal } = new AbortController();
const dayMillis = 86_400_000;
// The stand-in's clock begins at the present, and locks nothing until a date that is past.
const lastMonth = previousMonth(monthOf(new Date()));
const monthBefore = previousMonth(lastMonth);

/** Two tables of a year's retention each, archived into a bucket with the lifecycle that the archive wants. */
async function openAging(): Promise<ArchiveScene & Aging> {
  const scene = await openArchiveScene({ now: new Date() });
  for (const table of ['ledger', 'held']) await makeLedger(scene, { table, months: [lastMonth], rowsPerMonth: 20 });
  const policy = { tables: ['public.*'], classification: 'operational', retentionYears: 1, hotDays: 0 };
  await scene.policies(policy);
  assert.equal((await scene.run()).counts.verified, 2);
  const aged = aging(scene);
  await aged.applyLifecycle();
  return aged;
}

async function states(scene: ArchiveScene): Promise<Readonly<Record<string, string>>> {
  const rows = await scene.registryQuery<{ name: string; state: string }>(`
    select t.table_name as name, p.state::text as state from registry.archive_part p
      join registry.archive_unit u on u.id = p.unit_id join registry.archive_table t on t.id = u.table_id
    union all select 'manifest', state::text from registry.archive_manifest order by 1`);
  return Object.fromEntries(rows.map(({ name, state }) => [name, state]));
}

const prove = (scene: ArchiveScene) => proveExpiry(scene.context, { actor: 'job:expiry', signal });
const validate = (scene: ArchiveScene) =>
  validateArchive(scene.context, { selection: {}, level: 'full', trigger: 'manual', actor: 'test', signal });

test('what the lifecycle removed after its retention is proved to be gone and recorded; what is held outlives it all', async () => {
  await using scene = await openAging();
  const { registry } = scene.context;
  const tables = await listStoredTables(registry);
  assert.deepEqual(
    tables.map(({ table, storedLockDays }) => [table, (storedLockDays ?? 0) > 100]),
    [
      ['held', true],
      ['ledger', true],
    ],
  );
  const [first] = tables;
  assert.ok(first);
  const hold = await placeHold(scene.context, {
    source: 'ledger',
    table: 'public.held',
    reason: 'case 12',
    actor: 'cli:alice',
    signal,
  });
  const nothing = { expiredParts: 0, expiredManifests: 0, waiting: 0, overdue: 0, unchecked: 0, findings: [] };
  assert.deepEqual(await prove(scene), nothing, 'before its retention is over nothing is looked at');
  const days = expiryDays(longestLockDays(first));
  await scene.advance(days - 2);
  assert.deepEqual(
    await prove(scene),
    { ...nothing, waiting: 1 },
    'the retention is over, the lifecycle has not come yet',
  );
  await scene.advance(4);
  assert.deepEqual(await prove(scene), { ...nothing, waiting: 1 }, 'hidden is not gone');
  assert.deepEqual(await states(scene), { held: 'VERIFIED', ledger: 'VERIFIED', manifest: 'STORED' });
  const hidden = await validate(scene);
  assert.deepEqual(
    [hidden.findings, hidden.counts.full],
    [[], 2],
    'a held version under its marker is whole, and no loss',
  );
  await scene.advance(9);
  await scene.advance(1);
  const gone = await validate(scene);
  assert.deepEqual([gone.findings, gone.counts.expired, gone.counts.full], [[], 1, 1]);
  assert.deepEqual(await prove(scene), { ...nothing, expiredParts: 1 });
  assert.deepEqual(await states(scene), { held: 'VERIFIED', ledger: 'EXPIRED', manifest: 'STORED' });
  const events = await scene.registryQuery<{ actor: string; detail: { table: string } }>(
    `select actor, detail from registry.audit_event where action = 'archive.expired'`,
  );
  assert.deepEqual(
    events.map(({ actor, detail }) => [actor, detail.table]),
    [['job:expiry', 'public.ledger']],
  );

  await releaseHold(scene.context, { id: hold.hold.id, reason: 'settled', actor: 'cli:alice', signal });
  await scene.advance(2);
  await scene.advance(1);
  assert.deepEqual(await prove(scene), { ...nothing, expiredParts: 1, waiting: 1 }, 'the manifest outlives its parts');
  await scene.advance(120);
  await scene.advance(10);
  await scene.advance(1);
  assert.deepEqual(await prove(scene), { ...nothing, expiredManifests: 1 });
  assert.deepEqual(await states(scene), { held: 'EXPIRED', ledger: 'EXPIRED', manifest: 'EXPIRED' });
  assert.deepEqual((await validate(scene)).findings, [], 'an archive that has expired is in order');
});

test('what should be gone and is not is reported as overdue, and never deleted by us', async () => {
  await using scene = await openArchiveScene({ now: new Date() });
  await makeLedger(scene, { months: [lastMonth], rowsPerMonth: 20 });
  await scene.policies({ classification: 'operational', retentionYears: 1, hotDays: 0 });
  await scene.run();
  scene.setNow(new Date(Date.now() + 600 * dayMillis));
  const proof = await prove(scene);
  assert.deepEqual([proof.overdue, proof.expiredParts], [2, 0]);
  assert.deepEqual(
    proof.findings.map(({ code }) => code),
    ['OVERDUE', 'OVERDUE'],
  );
  assert.deepEqual(await states(scene), { ledger: 'VERIFIED', manifest: 'STORED' });
});

test('nothing is called expired on the word of a bucket that is not the archive', async () => {
  await using scene = await openArchiveScene({ now: new Date() });
  await makeLedger(scene, { months: [monthBefore, lastMonth], rowsPerMonth: 20 });
  await scene.policies({ classification: 'operational', retentionYears: 1, hotDays: 0 });
  await scene.run();
  // Between the ends of the two months' retentions.
  scene.setNow(new Date(retainUntil(monthBefore, 1).getTime() + 5 * dayMillis));
  await using elsewhere = await openArchiveScene();
  await assert.rejects(
    proveExpiry({ ...scene.context, openStore: elsewhere.context.openStore }, { actor: 'job:expiry', signal }),
    {
      code: 'BUCKET_UNFIT',
    },
  );
  assert.deepEqual(await states(scene), { ledger: 'VERIFIED', manifest: 'STORED' });
});
