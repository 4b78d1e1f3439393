import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openSpool } from '../../../src/archive/upload/spool.ts';
import { makeLedger, openArchiveScene } from '../../support/archive-scene.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { putRequest } from '../../support/put-request.ts';
import { openSmallDisk, withoutSmallDisk } from '../../support/small-disk.ts';

const maxBytes = 64 * 1024 * 1024;
const block = 4_096;

describe('a spool on a disk that is full', { skip: withoutSmallDisk }, () => {
  test('takes a part whole or leaves nothing of it, however much room there is', async () => {
    using disk = openSmallDisk(64 * block);
    const folder = join(disk.folder, 'spool');
    const spool = await openSpool({ folder, maxBytes });
    const request = putRequest('part', [randomBytes(3 * block), randomBytes(3 * block)]);
    const outcomes: string[] = [];
    for (let blocks = 0; outcomes.at(-1) !== 'spooled'; blocks++) {
      disk.leave(blocks * block);
      const outcome = await spool.add(request);
      outcomes.push(outcome.kind);
      if (outcome.kind === 'refused') {
        assert.match(outcome.why, /spool: the disk is full \(ENOSPC.*make room there/);
        assert.deepEqual(readdirSync(folder), []);
      }
    }
    // Six blocks of bytes, and one for the request beside them.
    assert.equal(outcomes.length, 8);
    const [put] = await spool.list();
    assert.ok(put !== undefined);
    assert.deepEqual(Buffer.concat((await spool.read(put)).chunks), Buffer.concat(request.chunks));
    disk.leave(0);
    await spool.remove(put);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('is said to be full, keeps the rows where they are, and the runs go on when there is room again', async () => {
    using disk = openSmallDisk(1024 * block);
    const proxies: FaultProxy[] = [];
    const spool = await openSpool({ folder: join(disk.folder, 'spool'), maxBytes });
    await using scene = await openArchiveScene({
      spool,
      aws: { maxAttempts: 1 },
      async s3Endpoint(endpoint) {
        const proxy = await startFaultProxy(endpoint);
        proxies.push(proxy);
        return proxy.endpoint;
      },
    });
    const [s3] = proxies;
    assert.ok(s3 !== undefined);
    await makeLedger(scene, { months: ['2026-05', '2026-06'], rowsPerMonth: 500 });
    await scene.policies({ purge: true });
    s3.inject({
      action: { kind: 'status', status: 503, code: 'ServiceUnavailable' },
      matches: ({ method }) => method === 'PUT' || method === 'POST',
      times: 1_000,
    });
    const kinds = async () => (await scene.run({ retryNow: true })).outcomes.map(({ kind }) => kind);
    const rows = async () => (await scene.query('select count(*)::int as rows from ledger'))[0]?.['rows'];

    disk.leave(2 * block);
    const { outcomes } = await scene.run();
    for (const { kind, failure } of outcomes) {
      assert.equal(kind, 'failed');
      assert.equal(failure?.isTransient, true);
      assert.match(failure?.text ?? '', /nor does the spool take it: .*the disk is full \(ENOSPC/);
    }
    assert.deepEqual(await spool.list(), []);
    assert.equal(await rows(), 1_000);

    disk.leave(512 * block);
    assert.deepEqual(await kinds(), ['waiting', 'waiting']);
    assert.equal((await spool.list()).length, 2);
    assert.equal(await rows(), 1_000);

    disk.leave(0);
    s3.heal();
    assert.deepEqual(await kinds(), ['purged', 'purged']);
    assert.deepEqual(await spool.list(), []);
    assert.equal(await rows(), 0);
    await s3.close();
  });
});

test('a spool whose folder cannot be made is a setting that is wrong', async () => {
  await assert.rejects(openSpool({ folder: join(import.meta.filename, 'spool'), maxBytes }), {
    code: 'BAD_CONFIG',
    message: /archive\.spoolFolder .*spool cannot be used: .*ENOTDIR/,
  });
});
