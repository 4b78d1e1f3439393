import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { archiveSteps } from '../../../src/steps.ts';
import { type KillAt, runArchiveChild } from '../../support/archive-run-child.ts';
import { type ArchiveScene, archiveBucket, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { archivedLines, assertAddsUp, tableLines } from '../../support/archive-truth.ts';
import { address, assertSound, flip, planOf, remedies, repair, unitOf } from './repair-scene.ts';

interface Case {
  readonly table: string;
  readonly killAt: KillAt;
  /** What goes on with it: another repair, or the next run where that is enough. */
  readonly goesOn: 'repair' | 'run';
  readonly takesVersion?: boolean;
}

const cases: readonly Case[] = [
  { killAt: 'repair.before-intent', goesOn: 'repair' },
  { killAt: 'part.before-intent', goesOn: 'repair' },
  { killAt: 'part.intended', goesOn: 'run' },
  { killAt: 'part.uploaded', goesOn: 'run' },
  { killAt: 'repair.replaced', goesOn: 'run' },
  { killAt: 'unit.exported', goesOn: 'run' },
  { killAt: 'part.proved', goesOn: 'run' },
  { killAt: 'unit.verified', goesOn: 'run' },
  { killAt: 'manifest.prepared', goesOn: 'run' },
  { killAt: 'manifest.uploaded', goesOn: 'run' },
  { killAt: 'repair.replaced', goesOn: 'run', takesVersion: true } as const,
].map((one, i) => ({ ...one, table: `public.t${i}` }) as Case);

function writesManifest({ killAt }: Case): boolean {
  return killAt.startsWith('manifest.');
}

/** Children at a time: one a core. */
const parallel = 2;

describe('a repair that is killed anywhere goes on, and no row is lost or stored twice', { timeout: 240_000 }, () => {
  let scene: ArchiveScene;
  const signals = new Map<Case, string | null>();
  before(async () => {
    scene = await openArchiveScene({ settings: { rangeRows: 10 } });
    for (const { table } of cases) {
      await makeLedger(scene, { table: table.replace('public.', ''), months: ['2026-05'], rowsPerMonth: 60 });
    }
    await scene.policies({ tables: ['public.t*'], lockMode: 'GOVERNANCE', partRows: 30 });
    assert.equal((await scene.run()).counts.verified, cases.length);
    for (const { table, takesVersion = false } of cases) {
      const [, part] = (await unitOf(scene, table)).parts;
      assert.ok(part !== undefined);
      const body = await scene.aws.admin.readObject(address(part));
      if (takesVersion) await scene.aws.admin.putObject({ bucket: archiveBucket, key: part.key, body });
      await flip(scene, part);
    }
    scene.setNow(new Date(Date.now() + 2 * 86_400_000));
    const kill = async (one: Case): Promise<void> => {
      const { id: unitId } = await unitOf(scene, one.table);
      const work = { source: 'ledger', sourceUrl: scene.sourceUrl, task: 'repair', unitId } as const;
      const child = await runArchiveChild(scene, { ...work, killAt: one.killAt });
      signals.set(one, child.signal ?? `${child.code} ${child.stderr}`);
    };
    // A month's manifest is of all its units: one that another repair writes would leave nothing to be killed at.
    const [alone, queue] = [cases.filter(writesManifest), cases.filter((one) => !writesManifest(one))];
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        for (let one = queue.shift(); one !== undefined; one = queue.shift()) await kill(one);
      }),
    );
    for (const one of alone) await kill(one);
  });
  after(() => scene[Symbol.asyncDispose]());

  test('every step of a repair is one at which it is killed', () => {
    const steps = archiveSteps.filter((step) => step.startsWith('repair.'));
    const killed = cases.map(({ killAt }) => killAt.split('@')[0] ?? '');
    assert.deepEqual(new Set(killed.filter((step) => step.startsWith('repair.'))), new Set(steps));
  });

  for (const one of cases) {
    const { table, killAt, goesOn, takesVersion = false } = one;
    test(`killed at ${killAt}${takesVersion ? ', having taken another version' : ''}`, async () => {
      assert.equal(signals.get(one), 'SIGKILL');
      const written = await tableLines(scene, { table });
      const unit = await unitOf(scene, table);
      const isOpen = remedies(await planOf(scene, unit)).includes('archive-anew');
      assert.equal(isOpen, goesOn === 'repair');
      if (goesOn === 'repair') {
        // Nothing has changed: a run says as before that the part is not what was proved.
        const { outcomes } = await scene.run({ tables: [table], retryNow: true });
        assert.deepEqual(outcomes[0]?.failure?.code, 'PROOF_FAILED');
        assert.equal((await repair(scene, unit)).state, 'VERIFIED');
      }
      const { outcomes } = await scene.run({ tables: [table], retryNow: true });
      assert.ok(
        outcomes.every(({ kind }) => kind !== 'failed'),
        outcomes[0]?.failure?.text,
      );
      assert.deepEqual(await archivedLines(scene, { table }), written);
      const { replacements, rows, state } = await unitOf(scene, table);
      assert.deepEqual([replacements.length, rows, state], [1, 60, 'VERIFIED']);
    });
  }

  test('then all of it is purged by its proof, and everything is in order', async () => {
    const written = new Map<string, Awaited<ReturnType<typeof tableLines>>>();
    for (const { table } of cases) written.set(table, await tableLines(scene, { table }));
    await scene.policies({ tables: ['public.t*'], lockMode: 'GOVERNANCE', partRows: 30, purge: true });
    const { counts, outcomes } = await scene.run();
    assert.equal(counts.purged, cases.length, JSON.stringify(outcomes));
    for (const { table } of cases) await assertAddsUp(scene, written.get(table) ?? new Map(), { table });
    for (const { table } of cases) {
      for (const { key } of (await unitOf(scene, table)).replacedParts) {
        await scene.aws.admin.deleteObject({ bucket: archiveBucket, key });
      }
    }
    await assertSound(scene);
  });
});
