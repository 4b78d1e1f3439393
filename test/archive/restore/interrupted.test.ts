import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { advanceRestore } from '../../../src/archive/restore/advance-restore.ts';
import { planRestore } from '../../../src/archive/restore/plan-restore.ts';
import { restoreLines } from '../../../src/archive/restore/restore-lines.ts';
import { parseRestoreRequest } from '../../../src/archive/restore/restore-request.ts';
import { startRestore } from '../../../src/archive/restore/start-restore.ts';
import { cancelRestore, findRestore, type RestoreRecord } from '../../../src/registry/archive/restore.ts';
import { type KillAt, runArchiveChild } from '../../support/archive-run-child.ts';
import { type ArchiveScene, makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { hourSeconds, moveToDeepArchive } from '../../support/cold.ts';
import type { EndedChild } from '../../support/run-child.ts';
import { said } from './restore-scene.ts';

describe('a restore that is killed, cancelled or has to wait', () => {
  let scene: ArchiveScene;
  let archived: string;

  before(async () => {
    scene = await openArchiveScene();
    await makeLedger(scene, { months: ['2026-05', '2026-06'], rowsPerMonth: 3_000 });
    // Text that does not compress: the lifecycle moves nothing below 128 KB.
    await scene.query('update ledger set note = md5(id::text) || md5((-id)::text) || md5((id * 7)::text)');
    archived = await scene.copyText('ledger', 'id');
    await scene.policies({ purge: true });
    await scene.run();
  });
  after(() => scene[Symbol.asyncDispose]());

  const start = async (request: Readonly<Record<string, unknown>>): Promise<RestoreRecord> => {
    const plan = await planRestore(scene.context, parseRestoreRequest({ source: 'ledger', ...request }));
    return startRestore(scene.context, { plan, actor: 'test' });
  };
  const inChild = (killAt?: KillAt): Promise<EndedChild> =>
    runArchiveChild(scene, {
      source: 'ledger',
      sourceUrl: scene.sourceUrl,
      task: 'poll-restores',
      ...(killAt === undefined ? {} : { killAt }),
    });

  const kills = ['restore.before-commit@2', 'restore.committed', 'restore.recorded'] as const;
  for (const killAt of kills) {
    test(`killed at ${killAt} and started again, each row is there once`, async () => {
      const table = `t_${killAt.replaceAll(/\W/g, '_')}`;
      const { id } = await start({ target: { kind: 'table', schema: 'public', table } });
      const killed = await inChild(killAt);
      assert.equal(killed.signal, 'SIGKILL', killed.stderr);
      assert.equal((await findRestore(scene.context.registry, id)).state, 'RUNNING');
      const signal = new AbortController().signal;
      const deadline = Date.now() + 10_000;
      // The killed process's session may hold the table's lock a little longer.
      let progress = await advanceRestore(scene.context, { restoreId: id, signal });
      while (progress.kind === 'waiting' && Date.now() < deadline) {
        progress = await advanceRestore(scene.context, { restoreId: id, signal });
      }
      assert.equal(said({ progress } as Parameters<typeof said>[0]), 'done');
      assert.equal(await scene.copyText(table, 'id'), archived);
      const { parts } = await findRestore(scene.context.registry, id);
      assert.deepEqual(
        parts.map(({ state, rows }) => [state, rows]),
        [
          ['RESTORED', 3_000],
          ['RESTORED', 3_000],
        ],
      );
    });
  }

  test('a cancelled restore goes no further, and is on record', async () => {
    const { id } = await start({ target: { kind: 'schema', schema: 'cancelled' } });
    const { registry } = scene.context;
    await cancelRestore(registry, { id, actor: 'test' });
    const progress = await advanceRestore(scene.context, { restoreId: id, signal: new AbortController().signal });
    assert.equal(progress.kind, 'ended');
    await assert.rejects(cancelRestore(registry, { id, actor: 'test' }), /is CANCELLED/);
    const events = await scene.registryQuery('select action from registry.audit_event where subject = $1 order by id', [
      `restore/${id}`,
    ]);
    assert.deepEqual(
      events.map(({ action }) => action),
      ['restore.asked', 'restore.cancelled'],
    );
  });

  test('objects in a cold class are asked for and waited for in the registry, across processes', async () => {
    await moveToDeepArchive(scene);
    const request = { target: { kind: 'schema', schema: 'thawed' }, tier: 'Bulk' } as const;
    const plan = await planRestore(scene.context, parseRestoreRequest({ source: 'ledger', ...request }));
    assert.deepEqual([plan.waitHours, plan.storage[0]?.storageClass], [48, 'DEEP_ARCHIVE']);
    assert.match(restoreLines(plan).join('\n'), /DEEP_ARCHIVE: 2 objects, .* asked for first: up to 48 h, < \$0\.01/);
    const { id } = await start(request);
    assert.equal((await inChild()).code, 0);
    const waiting = await findRestore(scene.context.registry, id);
    assert.equal(waiting.state, 'WAITING');
    assert.deepEqual(
      waiting.parts.map(({ state }) => state),
      ['REQUESTED', 'REQUESTED'],
    );
    assert.equal((await inChild()).code, 0, 'asked again while it goes on');
    assert.equal((await findRestore(scene.context.registry, id)).state, 'WAITING');
    await scene.aws.admin.advanceClock(49 * hourSeconds);
    assert.equal((await inChild()).code, 0);
    const done = await findRestore(scene.context.registry, id);
    assert.deepEqual([done.state, done.errorText], ['DONE', null]);
    assert.equal(await scene.copyText('thawed.ledger', 'id'), archived);
  });
});
