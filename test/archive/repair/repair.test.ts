import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findUnit } from '../../../src/registry/archive/find-unit.ts';
import { listManifests } from '../../../src/registry/archive/manifest.ts';
import type { PartRecord } from '../../../src/registry/archive/unit-record.ts';
import { runUntil } from '../../support/archive-at-step.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { archivedLines, assertAddsUp, tableLines } from '../../support/archive-truth.ts';
import { restore, said } from '../restore/restore-scene.ts';
import { validate } from '../validate/archived-scene.ts';
import { address, assertSound, flip, planOf, remedies, repair, unitOf } from './repair-scene.ts';

interface Fault {
  readonly name: string;
  readonly by: (scene: ArchiveScene, part: PartRecord) => Promise<unknown>;
  readonly code: string;
  /** What is done about it. */
  readonly remedy: 'archive-anew' | 'lock-again';
}

const faults: readonly Fault[] = [
  { name: 'one bit flipped', by: flip, code: 'PROOF_FAILED', remedy: 'archive-anew' },
  {
    name: 'truncated',
    by: async (scene, part) => {
      const bytes = await scene.aws.admin.readObject(address(part));
      await scene.aws.admin.damageObject({ ...address(part), body: bytes.subarray(0, -7) });
    },
    code: 'PROOF_FAILED',
    remedy: 'archive-anew',
  },
  {
    name: 'deleted',
    by: (scene, part) => scene.aws.admin.deleteObject(address(part)),
    code: 'FILE_MISSING',
    remedy: 'archive-anew',
  },
  {
    name: 'deleted, and another object in its place',
    by: async (scene, part) => {
      await scene.aws.admin.deleteObject(address(part));
      await scene.aws.admin.putObject({ bucket: archiveBucket, key: part.key, body: Buffer.from('other') });
    },
    code: 'FILE_MISSING',
    remedy: 'archive-anew',
  },
  {
    name: 'unlocked',
    by: (scene, part) => scene.aws.admin.damageObject({ ...address(part), unlock: true }),
    code: 'LOCK_MISSING',
    remedy: 'lock-again',
  },
];
/** Damaged before it was ever proved; found by a validation after it was; met by the purge. */
const moments = ['early', 'late', 'purge'] as const;

const cases = faults.flatMap((fault, f) =>
  moments.map((moment) => ({ ...fault, moment, table: `public.${moment}${f}` })),
);

describe('a faulty part whose rows are in the table is replaced by one that is proved, and nothing is purged before', () => {
  let scene: ArchiveScene;
  before(async () => {
    scene = await openArchiveScene();
    const tables = cases.map(({ table }) => table);
    for (const table of tables) {
      await makeLedger(scene, { table: table.replace('public.', ''), months: ['2026-05'], rowsPerMonth: 20 });
    }
    const lockMode = 'GOVERNANCE';
    await scene.policies({ tables: tables.filter((one) => !one.includes('early')), lockMode });
    const { counts } = await scene.run();
    assert.equal(counts.verified, 2 * faults.length);
    await scene.policies({ tables, lockMode, purge: true });
    for (const { table } of cases.filter(({ moment }) => moment === 'early')) {
      await runUntil(scene, 'unit.exported', { tables: [table] });
    }
    for (const { table, by } of cases) {
      const [part] = (await unitOf(scene, table)).parts;
      assert.ok(part !== undefined);
      await by(scene, part);
    }
    scene.setNow(new Date(Date.now() + 2 * 86_400_000));
    for (const { table } of cases.filter(({ moment }) => moment === 'late')) {
      await validate(scene, 'full', { tables: [table] });
    }
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const { name, moment, table, code, remedy } of cases) {
    test(`${name}, ${moment}`, async () => {
      const written = await tableLines(scene, { table });
      const tables = [table];
      // Today's dead end: it fails as often as it is tried.
      for (let attempt = 1; attempt <= 2; attempt++) {
        const { outcomes } = await scene.run({ tables, retryNow: true });
        assert.deepEqual([outcomes[0]?.kind, outcomes[0]?.failure?.code], ['failed', code], outcomes[0]?.failure?.text);
      }
      const unit = await unitOf(scene, table);
      const plan = await planOf(scene, unit);
      assert.deepEqual(remedies(plan), [remedy], JSON.stringify(plan));
      assert.equal(plan.entries[0]?.fault?.code, code);
      assert.deepEqual(await unitOf(scene, table), unit, 'a plan changes nothing');

      const { state, repaired, left } = await repair(scene, unit);
      assert.deepEqual([state, repaired, left], ['VERIFIED', [1], []]);
      assert.deepEqual(await tableLines(scene, { table }), written, 'a repair purges nothing');
      assert.deepEqual(await archivedLines(scene, { table }), written);
      assert.deepEqual(remedies(await planOf(scene, unit)), ['none']);

      const { outcomes } = await scene.run({ tables });
      assert.deepEqual([outcomes[0]?.kind, outcomes[0]?.purgedRows], ['purged', 20], outcomes[0]?.failure?.text);
      await assertAddsUp(scene, written, { table });
    });
  }

  test('the manifest says which part was replaced, by which, and why; the one before keeps its word', async () => {
    const [part, ...others] = (await unitOf(scene, 'public.late0')).parts;
    assert.deepEqual(others, []);
    const [replaced] = (await unitOf(scene, 'public.late0')).replacedParts;
    assert.ok(part !== undefined && replaced !== undefined);
    const manifest = JSON.parse((await listManifests(scene.context.registry, { source: 'ledger' })).at(-1)?.body ?? '');
    const named = manifest.replaced.find(({ table }: { table: string }) => table === 'public.late0');
    assert.deepEqual(
      [named.s3_key, named.version_id, named.part, named.sha256, named.who, named.by],
      [
        replaced.key,
        replaced.versionId,
        1,
        replaced.sha256,
        'test',
        { part: 2, round: 2, version_id: null, same_rows: true },
      ],
    );
    assert.match(named.why, /^PROOF_FAILED: /);
    const files = manifest.files.filter(({ table }: { table: string }) => table === 'public.late0');
    assert.deepEqual(
      files.map(({ s3_key, part: number }: { s3_key: string; part: number }) => [s3_key, number]),
      [[part.key, 2]],
    );
    // Write-once: it is where it was, under its lock.
    await using store = scene.context.openStore('verifier');
    const lock = await store.lock(replaced.key, replaced.versionId ?? '');
    assert.ok(lock !== undefined && lock.retainUntil >= replaced.retainUntil);
  });

  test('validation and the offline verifier find all of it in order, and say which replaced objects a query would still read', async () => {
    // Three moments of: flipped, truncated, and something else put in the place of what was deleted.
    await assertSound(
      scene,
      Array.from({ length: 9 }, () => 'REPLACED'),
    );
    for (const { key } of (await unitOf(scene, 'public.late0')).replacedParts) {
      await scene.aws.admin.deleteObject({ bucket: archiveBucket, key });
    }
    await assertSound(
      scene,
      Array.from({ length: 8 }, () => 'REPLACED'),
    );
  });

  test('a restore brings every row back once', async () => {
    const restored = await restore(scene, { target: { kind: 'schema', schema: 'back' } });
    assert.equal(restored.progress.kind, 'done', said(restored));
    for (const { table } of cases) {
      const name = table.replace('public.', '');
      const [found] = await scene.query<{ rows: number; ids: number }>(
        `select count(*)::int as rows, count(distinct id)::int as ids from back.${name}`,
      );
      assert.deepEqual(found, { rows: 20, ids: 20 }, name);
    }
  });

  test('what was done is on record, in the unit and in the audit trail', async () => {
    const unit = await unitOf(scene, 'public.late0');
    assert.deepEqual(
      unit.replacements.map(({ code, actor, isSame, round }) => [code, actor, isSame, round]),
      [['PROOF_FAILED', 'test', true, 2]],
    );
    const [event] = await scene.registryQuery<{ detail: { parts: { remedy: string }[] } }>(
      "select detail from registry.audit_event where action = 'unit.repaired' and subject = $1",
      [`unit/${unit.id}`],
    );
    assert.deepEqual(
      event?.detail.parts.map(({ remedy }) => remedy),
      ['archive-anew'],
    );
    await assert.rejects(
      scene.registryQuery("update registry.archive_replacement set text = 'nothing was wrong'"),
      /stays on record/,
    );
    assert.equal((await findUnit(scene.context.registry, unit.id)).rows, 20);
  });
});
