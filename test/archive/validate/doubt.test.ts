import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '../../../src/archive/manifest/read-manifest.ts';
import { intendDeletion } from '../../../src/registry/archive/deletion.ts';
import { makeLedger } from '../../support/archive-scene.ts';
import { flip, openArchived, partOf, rewrite, validate } from './archived-scene.ts';

test('a part that is doubted stays in the manifests to come, stops a purge under way, and is proved again when it is whole', async () => {
  await using scene = await openArchived('2026-06', '2026-06');
  const part = await partOf(scene, '2026-06');
  await rewrite(scene, part, flip);
  assert.equal((await validate(scene, 'full')).counts.doubted, 1);
  const [unit] = await scene.registryQuery<{ id: number }>('select id::int from registry.archive_unit');
  assert.ok(unit);
  const deletion = { unitId: unit.id, round: 1, rangeOrdinal: 1, method: 'delete', transaction: '1' } as const;
  await assert.rejects(
    intendDeletion(scene.context.registry, { ...deletion, rows: 1, digest: 'd', departed: [], actor: 'test' }),
    { code: 'ILLEGAL_STATE' },
  );

  // Another table's month gets a manifest after it: it names the doubted part as the one before did.
  await makeLedger(scene, { table: 'charges', months: ['2026-06'] });
  await scene.policies({ lockMode: 'GOVERNANCE' }, { name: 'charges', tables: ['public.charges'] });
  await scene.run();
  const bodies = await scene.registryQuery<{ body: string }>(
    'select body from registry.archive_manifest order by sequence',
  );
  assert.deepEqual(
    bodies.map(({ body }) => readManifest(Buffer.from(body)).manifest.files.map(({ table }) => table)),
    [['public.ledger'], ['public.charges', 'public.ledger']],
  );
  const states = () =>
    scene.registryQuery<{ state: string }>('select state::text from registry.archive_part order by state');
  assert.deepEqual(await states(), [{ state: 'STORED' }, { state: 'VERIFIED' }]);

  // The damage was the way's, not the object's: flipped back, it is what was proved.
  await rewrite(scene, part, flip);
  const { counts, outcomes } = await scene.run({ retryNow: true });
  assert.equal(counts.failed, 0, JSON.stringify(outcomes));
  assert.deepEqual(await states(), [{ state: 'VERIFIED' }, { state: 'VERIFIED' }]);
  assert.deepEqual((await validate(scene, 'full')).findings, []);
});
