import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { after, before, describe, test } from 'node:test';
import { processFile } from '../../src/ingest/work/process-file.ts';
import { reconcile } from '../../src/ingest/work/reconcile.ts';
import { runWorkers } from '../../src/ingest/work/run-workers.ts';
import { type ClaimedFile, claimFile } from '../../src/registry/file/claim-file.ts';
import { renewLease } from '../../src/registry/file/renew-lease.ts';
import { makeDelivery } from '../../src/sandbox/exports/delivery.ts';
import type { Step } from '../../src/steps.ts';
import { runChild } from '../support/run-child.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { assertNothingHalfLoaded, assertWhole, seen } from '../support/whole.ts';

const costColumn = 'lineItem/UnblendedCost';
const deadlineMillis = 30_000;

describe('workers that share the queue', { timeout: 120_000 }, () => {
  let scene: Scene;
  let clients = 0;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene[Symbol.asyncDispose]());

  async function newExport({ files = 1, rows = 1_000 }: { readonly files?: number; readonly rows?: number } = {}) {
    const client = `client_${clients++}`;
    const { bucket } = await scene.addClient(client);
    const options = { layout: 'legacy-create-new', kind: 'cur-legacy', format: 'csv.gz', bucket } as const;
    const made = makeDelivery({
      ...options,
      prefix: 'aws',
      name: 'hourly',
      month: '2024-02',
      files,
      rows,
      seed: client,
    });
    await scene.deliver(bucket, made);
    const { exports } = await scene.discover(client);
    const exportId = Number(exports[0]?.id);
    return { client, made, exportId };
  }

  async function claim(owner: string, exportId?: number, leaseSeconds = 30): Promise<ClaimedFile | null> {
    return claimFile(scene.context.registry, { owner, leaseSeconds, maxAttempts: 8, exportId });
  }

  async function claimed(owner: string, exportId: number): Promise<ClaimedFile> {
    const file = await claim(owner, exportId);
    if (file === null) throw new Error('nothing to claim');
    return file;
  }

  const expireLease = (fileId: number) =>
    scene.query(
      `update registry.file set lease_until = now() - interval '1 second' where id = $1 and lease_owner is not null`,
      [fileId],
    );

  async function fileState(fileId: number) {
    const [row] = await scene.query<{ status: string; attempts: number; owner: string | null; code: string | null }>(
      'select status::text as status, attempts, lease_owner as owner, error_code as code from registry.file where id = $1',
      [fileId],
    );
    return row;
  }

  test('claims at the same moment never hand out one file twice', async () => {
    const { exportId } = await newExport({ files: 12, rows: 24 });
    const found = await Promise.all(Array.from({ length: 30 }, (_, worker) => claim(`worker-${worker}`, exportId)));
    const ids = found.flatMap((file) => file?.id ?? []);
    assert.equal(new Set(ids).size, ids.length);
    for (let file = await claim('last', exportId); file !== null; file = await claim('last', exportId))
      ids.push(file.id);
    assert.equal(new Set(ids).size, 12);
    assert.equal(ids.length, 12);
  });

  test('a lease that ran out while its worker lives: the second waits, the rows come in once', async () => {
    const { client, made, exportId } = await newExport();
    const first = await claimed('first', exportId);
    const signal = new AbortController().signal;
    const copying = pauseAt('file.before-commit', first.id);
    const working = processFile(scene.context, first, { owner: 'first', signal });
    // The step is passed synchronously within the transaction; what follows is the commit, already sent.
    await copying;
    await expireLease(first.id);
    const second = await claim('second', exportId);
    const outcomes = await Promise.all([
      working,
      second === null ? 'nothing' : processFile(scene.context, second, { owner: 'second', signal }),
    ]);
    assert.equal(outcomes[0], 'ingested');
    assert.ok(['nothing', 'given-back', 'ingested'].includes(String(outcomes[1])));
    await settled(exportId);
    await assertWhole(scene, client, { made, costColumn });
  });

  test('two workers at one file at the same time: one loads it, the other is told that it is busy or done', async () => {
    const { client, made, exportId } = await newExport({ rows: 3_000 });
    const first = await claimed('first', exportId);
    await expireLease(first.id);
    const second = await claimed('second', exportId);
    assert.equal(first.id, second.id);
    const signal = new AbortController().signal;
    const outcomes = await Promise.all([
      processFile(scene.context, first, { owner: 'first', signal }),
      processFile(scene.context, second, { owner: 'second', signal }),
    ]);
    assert.ok(outcomes.includes('ingested'), outcomes.join());
    assert.equal((await scene.query('select 1 from billvault.loaded_file where file_id = $1', [first.id])).length, 1);
    await settled(exportId);
    await assertWhole(scene, client, { made, costColumn });
  });

  test('a worker whose lease was taken stops at the next renewal, and leaves the file to the other', async () => {
    const { exportId } = await newExport();
    const first = await claimed('first', exportId);
    await expireLease(first.id);
    await claimed('second', exportId);
    await assert.rejects(renewLease(scene.context.registry, { fileId: first.id, owner: 'first' }, 30), {
      code: 'LEASE_LOST',
    });
    assert.equal((await fileState(first.id))?.owner, 'second');
    await expireLease(first.id);
    await settled(exportId);
  });

  test('a lease is renewed while a file takes longer than it lasts', async () => {
    const { client, made, exportId } = await newExport({ rows: 4_000 });
    const context = { ...scene.context, settings: { ...scene.context.settings, leaseSeconds: 0.3 } };
    const renewed = new Set<string>();
    const watch = async () => {
      const [row] = await scene.query<{ until: string | null }>(
        `select f.lease_until::text as until from registry.file f join registry.delivery d on d.id = f.delivery_id
          where d.export_id = $1`,
        [exportId],
      );
      if (row?.until != null) renewed.add(row.until);
    };
    const slow = slowDownAt('file.mid-copy', 60);
    const working = runWorkers(context, {
      count: 1,
      signal: AbortSignal.timeout(deadlineMillis),
      exportId,
      untilIdle: true,
    });
    let isDone = false;
    void working.finally(() => {
      isDone = true;
    });
    while (!isDone) await watch();
    slow.end();
    await working;
    assert.ok(renewed.size >= 2, `seen ends of the lease: ${[...renewed].join()}`);
    await assertWhole(scene, client, { made, costColumn });
  });

  test('a client with a backlog does not starve another: the one with the fewest files under way goes first', async () => {
    const large = await newExport({ files: 8, rows: 16 });
    const small = await newExport({ files: 2, rows: 4 });
    const order: string[] = [];
    for (let n = 0; n < 4; n += 1) order.push(String((await claim(`worker-${n}`))?.client));
    assert.deepEqual(order.slice(0, 2), [large.client, small.client]);
    assert.deepEqual([...order].sort(), [large.client, large.client, small.client, small.client].sort());
    for (const { exportId } of [large, small]) {
      await scene.query(
        `update registry.file set lease_until = now() - interval '1 second' where lease_owner is not null and delivery_id in
           (select id from registry.delivery where export_id = $1)`,
        [exportId],
      );
      await settled(exportId);
    }
  });

  test('a file that kills its worker at every attempt ends FAILED, the others come in', async () => {
    const { client, made, exportId } = await newExport({ files: 1 });
    const other = await newExport({ files: 1 });
    const settings = { maxAttempts: 2, leaseSeconds: 0.5 };
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const tasks = [{ do: 'work', client }] as const;
      const child = await untilLeaseFree(exportId, () => runChild(scene, { tasks, settings, killAt: 'file.mid-copy' }));
      assert.equal(child.signal, 'SIGKILL');
    }
    const context = { ...scene.context, settings: { ...scene.context.settings, maxAttempts: 2 } };
    await poll(async () => {
      await reconcile(context);
      return (await statuses(exportId)).every((status) => status === 'FAILED');
    });
    const [failed] = await scene.query<{ code: string; text: string }>(
      `select f.error_code as code, f.error_text as text from registry.file f join registry.delivery d on d.id = f.delivery_id
        where d.export_id = $1`,
      [exportId],
    );
    assert.equal(failed?.code, 'DECODER_CRASHED');
    assert.match(failed?.text ?? '', /died at every attempt/);
    assert.deepEqual(await seen(scene, client, costColumn), []);
    await settled(other.exportId);
    await assertWhole(scene, other.client, { made: other.made, costColumn });
    assert.ok(made.expected().rows > 0);
  });

  test('a shutdown in the middle of a file gives it back without counting the attempt, and leaves nothing behind', async () => {
    const { client, made, exportId } = await newExport({ rows: 4_000 });
    const stop = new AbortController();
    const [{ id } = { id: '0' }] = await scene.query<{ id: string }>(
      'select f.id from registry.file f join registry.delivery d on d.id = f.delivery_id where d.export_id = $1',
      [exportId],
    );
    void pauseAt('file.mid-copy', Number(id)).then(() => stop.abort(new Error('SIGTERM')));
    await runWorkers(scene.context, { count: 1, signal: stop.signal, exportId });
    assert.deepEqual(await fileState(Number(id)), { status: 'NEW', attempts: 0, owner: null, code: null });
    await assertNothingHalfLoaded(scene, client);
    assert.deepEqual(await scene.query('select 1 from billvault.loaded_file where file_id = $1', [id]), []);
    await settled(exportId);
    await assertWhole(scene, client, { made, costColumn });
  });

  test('SIGTERM ends a worker process in peace: its file is free at once for the next', async () => {
    const { client, made, exportId } = await newExport({ files: 3, rows: 9_000 });
    let kill: (signal: NodeJS.Signals) => void = () => undefined;
    const running = runChild(scene, {
      tasks: [{ do: 'work', client }],
      settings: { leaseSeconds: 60 },
      onStart: (end) => {
        kill = end;
      },
    });
    await poll(async () => (await leases(exportId)) > 0);
    kill('SIGTERM');
    const { code, signal, stderr } = await running;
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    assert.equal(await leases(exportId), 0);
    await settled(exportId);
    await assertWhole(scene, client, { made, costColumn });
  });

  test('three processes and this one on one export: every file once', async () => {
    const { client, made, exportId } = await newExport({ files: 10, rows: 2_000 });
    const child = { tasks: [{ do: 'work', client, workers: 2 }] } as const;
    const [first, second] = await Promise.all([runChild(scene, child), runChild(scene, child), settled(exportId)]);
    assert.deepEqual([first.stderr, second.stderr], ['', '']);
    await assertWhole(scene, client, { made, costColumn });
  });

  async function statuses(exportId: number): Promise<readonly string[]> {
    const rows = await scene.query<{ status: string }>(
      'select f.status::text as status from registry.file f join registry.delivery d on d.id = f.delivery_id where d.export_id = $1',
      [exportId],
    );
    return rows.map(({ status }) => status);
  }

  async function leases(exportId: number): Promise<number> {
    const rows = await scene.query(
      'select 1 from registry.file f join registry.delivery d on d.id = f.delivery_id where d.export_id = $1 and f.lease_owner is not null',
      [exportId],
    );
    return rows.length;
  }

  async function untilLeaseFree<T>(exportId: number, then: () => Promise<T>): Promise<T> {
    await poll(async () => {
      const held = await scene.query(
        `select 1 from registry.file f join registry.delivery d on d.id = f.delivery_id
          where d.export_id = $1 and f.lease_until > now()`,
        [exportId],
      );
      return held.length === 0;
    });
    return then();
  }

  /** Works on one export until all its files are in, whoever else is at them. */
  async function settled(exportId: number): Promise<void> {
    await poll(async () => {
      await runWorkers(scene.context, { count: 2, signal: new AbortController().signal, exportId, untilIdle: true });
      return (await statuses(exportId)).every((status) => status === 'INGESTED');
    });
    await reconcile(scene.context);
  }
});

/** When this file passes the step for the first time. */
function pauseAt(wanted: Step, fileId: number): Promise<void> {
  return new Promise((resolve) => {
    const onStep = (message: unknown) => {
      const { name, subject } = message as { readonly name: Step; readonly subject: number };
      if (name !== wanted || subject !== fileId) return;
      unsubscribe('billvault:step', onStep);
      resolve();
    };
    subscribe('billvault:step', onStep);
  });
}

/** Holds the thread up at every pass of a step, as a slow disk or a busy machine does. */
function slowDownAt(wanted: Step, millis: number): { end(): void } {
  const onStep = (message: unknown) => {
    if ((message as { readonly name: Step }).name !== wanted) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
  };
  subscribe('billvault:step', onStep);
  return { end: () => void unsubscribe('billvault:step', onStep) };
}

async function poll(isDone: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + deadlineMillis;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`not done within ${deadlineMillis} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
