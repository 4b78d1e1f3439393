import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveExpiry } from '../../../src/archive/expiry/prove-expiry.ts';
import { isAppError } from '../../../src/errors.ts';
import { atStep } from '../../support/archive-at-step.ts';
import { runArchiveChild } from '../../support/archive-run-child.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { assertAddsUp, assertOnRecord, tableLines } from '../../support/archive-truth.ts';
import { assertSound } from '../repair/repair-scene.ts';
import { extend, lastManifest, later, manifestLocks, nothing, partLocks } from './lock-scene.ts';

const months = ['2026-05', '2026-06'];
const { signal } = new AbortController();

test('longer locks that are killed anywhere are gone on with: every lock, and a manifest that names it', {
  timeout: 240_000,
}, async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months });
  await scene.policies({ retentionYears: 7 });
  await scene.run();
  later(scene);
  // Two parts, then at least two manifests, and then the further ones.
  const kills = [
    'lock.extended',
    'lock.extended@2',
    'lock.extended@3',
    'manifest.prepared',
    'manifest.uploaded',
  ] as const;
  for (const [i, killAt] of kills.entries()) {
    const retentionYears = 8 + i;
    await scene.policies({ retentionYears });
    const child = await runArchiveChild(scene, {
      source: 'ledger',
      sourceUrl: scene.sourceUrl,
      task: 'extend-locks',
      killAt,
    });
    assert.equal(child.signal, 'SIGKILL', `${killAt}: ${child.code} ${child.stderr}`);
    assert.equal((await extend(scene)).failed, 0, killAt);
    const year = 2026 + retentionYears;
    assert.deepEqual(
      await partLocks(scene),
      [`2026-05 COMPLIANCE ${year}-06-01`, `2026-06 COMPLIANCE ${year}-07-01`],
      killAt,
    );
    const manifests = await manifestLocks(scene);
    assert.deepEqual(
      new Set(manifests.slice(1)).size <= 2 && manifests.length === 2 * (i + 2),
      true,
      `${killAt}: ${manifests}`,
    );
    assert.deepEqual((await lastManifest(scene)).years, retentionYears, killAt);
    assert.deepEqual(await extend(scene), nothing, killAt);
    await assertOnRecord(scene);
    await assertSound(scene);
  }
});

test('one that is cancelled says so, and what it did is on record', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months });
  await scene.policies({ retentionYears: 7 });
  await scene.run();
  await scene.policies({ retentionYears: 8 });
  const stop = new AbortController();
  const stopped = atStep(
    'lock.extended',
    () => stop.abort(new Error('stopped by the test')),
    () => extend(scene, { signal: stop.signal }),
  );
  await assert.rejects(stopped, (error) => isAppError(error) || /stopped by the test/.test(String(error)));
  const [event] = await scene.registryQuery<{ detail: { parts: number } }>(
    `select detail from registry.audit_event where action = 'locks.extended'`,
  );
  assert.ok((event?.detail.parts ?? 0) >= 1);
  await extend(scene);
  assert.deepEqual(await extend(scene), nothing);
});

test('runs, proofs of expiry and others that lock longer at the same moment do no harm to each other', async () => {
  await using scene = await openArchiveScene();
  await makeLedger(scene, { months });
  await makeLedger(scene, { months, table: 'second' });
  await scene.policies({ retentionYears: 7, tables: ['public.*'] });
  await scene.run({ to: '2026-05' });
  for (let retentionYears = 8; retentionYears <= 10; retentionYears++) {
    await makeLedger(scene, { months, rowsPerMonth: 5 });
    await scene.policies({ retentionYears, tables: ['public.*'] });
    const [run, ...extensions] = await Promise.all([
      scene.run(),
      extend(scene),
      extend(scene),
      proveExpiry(scene.context, { actor: 'test', signal }),
    ]);
    assert.equal(run.counts.failed, 0, JSON.stringify(run.outcomes));
    for (const extension of extensions) if ('failed' in extension) assert.deepEqual(extension.failures, []);
  }
  const written = await tableLines(scene);
  // What a run stored while the locks of the rest were made longer follows at the next time.
  assert.deepEqual((await extend(scene)).failures, []);
  assert.deepEqual(await extend(scene), nothing);
  later(scene);
  assert.deepEqual(new Set((await partLocks(scene)).map((lock) => lock.slice(19, 23))), new Set(['2036']));
  await manifestLocks(scene);
  await assertOnRecord(scene);
  await assertSound(scene);
  await scene.policies({ retentionYears: 10, tables: ['public.*'], purge: true });
  await scene.run();
  await assertAddsUp(scene, written, { table: 'public.ledger' });
});
