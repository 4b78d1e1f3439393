import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findUnit } from '../../../src/registry/archive/find-unit.ts';
import type { PartRecord } from '../../../src/registry/archive/unit-record.ts';
import { runUntil } from '../../support/archive-at-step.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { assertAddsUp, tableLines, unitsOf } from '../../support/archive-truth.ts';

interface Tampering {
  readonly name: string;
  readonly by: (scene: ArchiveScene, part: PartRecord) => Promise<void>;
  /** How the purge fails; undefined: what was done does not reach the proved version. */
  readonly code?: string;
}

const tamperings: readonly Tampering[] = [
  {
    name: 'one bit of the rows flipped',
    by: (scene, part) => rewrite(scene, part, (bytes) => flip(bytes, 200)),
    code: 'PROOF_FAILED',
  },
  {
    name: 'one bit of the footer flipped',
    by: (scene, part) => rewrite(scene, part, (bytes) => flip(bytes, bytes.length - 40)),
    code: 'PROOF_FAILED',
  },
  {
    name: 'one bit of the magic number flipped',
    by: (scene, part) => rewrite(scene, part, (bytes) => flip(bytes, 0)),
    code: 'PROOF_FAILED',
  },
  {
    name: 'truncated',
    by: (scene, part) => rewrite(scene, part, (bytes) => bytes.subarray(0, -7)),
    code: 'PROOF_FAILED',
  },
  { name: "another month's part put in its place", by: putOther, code: 'PROOF_FAILED' },
  { name: 'deleted, its lock bypassed', by: remove, code: 'FILE_MISSING' },
  {
    name: 'unlocked',
    by: (scene, part) => scene.aws.admin.damageObject({ ...address(part), unlock: true }),
    code: 'LOCK_MISSING',
  },
  {
    name: 'overwritten by a newer version',
    by: async (scene, { key }) =>
      void (await scene.aws.admin.putObject({ bucket: archiveBucket, key, body: Buffer.from('other') })),
  },
  {
    name: 'hidden behind a delete marker',
    by: (scene, { key }) => scene.aws.admin.deleteObject({ bucket: archiveBucket, key }),
  },
];

/** Every tampering has a table of its own. */
const tableOf = (tampering: Tampering) => `t${tamperings.indexOf(tampering)}`;

describe('nothing is purged that does not lie in the bucket as it was proved', () => {
  let scene: ArchiveScene;

  before(async () => {
    scene = await openArchiveScene();
    for (const tampering of tamperings) {
      await makeLedger(scene, { table: tableOf(tampering), months: ['2026-05'], rowsPerMonth: 20 });
    }
    await makeLedger(scene, { table: 'early', months: ['2026-05'], rowsPerMonth: 20 });
    await scene.policies({ tables: ['public.t*'], lockMode: 'GOVERNANCE' });
    const { counts } = await scene.run();
    assert.equal(counts.verified, tamperings.length);
    await scene.policies({ tables: ['public.t*', 'public.early'], lockMode: 'GOVERNANCE', purge: true });
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const tampering of tamperings) {
    test(`a part proved and then ${tampering.name}`, async () => {
      const table = `public.${tableOf(tampering)}`;
      const written = await tableLines(scene, { table });
      await tampering.by(scene, await partOf(scene, table));
      const { outcomes } = await scene.run({ tables: [table] });
      const [outcome] = outcomes;
      if (tampering.code === undefined) {
        assert.equal(outcome?.kind, 'purged', outcome?.failure?.text);
        await assertAddsUp(scene, written, { table });
        assert.equal((await tableLines(scene, { table })).size, 0);
        return;
      }
      assert.deepEqual([outcome?.kind, outcome?.failure?.code], ['failed', tampering.code], outcome?.failure?.text);
      assert.deepEqual(await tableLines(scene, { table }), written);
    });
  }

  test('a part flipped before it was ever read back fails its verification, and is not purged', async () => {
    const table = 'public.early';
    const written = await tableLines(scene, { table });
    await runUntil(scene, 'unit.exported', { tables: [table] });
    await rewrite(scene, await partOf(scene, table), (bytes) => flip(bytes, 200));
    const { outcomes } = await scene.run({ tables: [table], retryNow: true });
    assert.deepEqual([outcomes[0]?.kind, outcomes[0]?.failure?.code], ['failed', 'PROOF_FAILED']);
    assert.deepEqual(await tableLines(scene, { table }), written);
  });
});

async function partOf(scene: ArchiveScene, table: string): Promise<PartRecord> {
  const [unit] = await unitsOf(scene, { table });
  const [part] = (await findUnit(scene.context.registry, unit?.id ?? 0)).parts;
  assert.ok(part !== undefined);
  return part;
}

function address({ key, versionId }: PartRecord) {
  assert.ok(versionId !== null);
  return { bucket: archiveBucket, key, versionId };
}

async function rewrite(
  scene: ArchiveScene,
  part: PartRecord,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const bytes = await scene.aws.admin.readObject(address(part));
  await scene.aws.admin.damageObject({ ...address(part), body: change(bytes) });
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

async function putOther(scene: ArchiveScene, part: PartRecord): Promise<void> {
  const other = await partOf(scene, 'public.t0');
  const bytes = await scene.aws.admin.readObject(address(other));
  await rewrite(scene, part, () => bytes);
}

async function remove(scene: ArchiveScene, part: PartRecord): Promise<void> {
  await scene.aws.admin.deleteObject(address(part));
}

test('a part that cannot be read beside late rows is named by them: it is the proof that fails', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months: ['2026-05'] });
  await scene.policies({ tables: ['public.ledger'] });
  await scene.run();
  const part = await partOf(scene, 'public.ledger');
  await rewrite(scene, part, (bytes) => flip(bytes, 200));
  await makeLedger(scene, { months: ['2026-05'], rowsPerMonth: 1 });
  const [outcome] = (await scene.run()).outcomes;
  assert.equal(outcome?.failure?.code, 'PROOF_FAILED');
  assert.ok(outcome.failure.text.includes(part.key), outcome.failure.text);
});
