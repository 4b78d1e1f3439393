import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../src/log.ts';
import { type OpenRegistry, openRegistry } from '../src/registry/registry.ts';
import { runTick, type Service, takeOverAbandoned } from '../src/run-tick.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';

const deadlineMillis = 20_000;
let database: TestDatabase;
let opened: OpenRegistry;

before(async () => {
  database = await openTestDatabase();
  opened = await openRegistry({ url: database.url, max: 10 });
});
after(async () => {
  await opened.close();
  await database.drop();
});

function service(options: Partial<Service> = {}): Service {
  const { signal } = new AbortController();
  return { registry: opened.registry, log: createLogger('silent'), leaseSeconds: 60, signal, ...options };
}

const seconds = (from: number) => new Date(Date.UTC(2026, 0, 2, 3) + from * 1_000);

test('of many services that come to a time of the schedule one does the job, sooner or later than the others', async () => {
  const done: number[] = [];
  for (let tick = 0; tick < 20; tick++) {
    const asks = Array.from({ length: 8 }, () =>
      runTick(service(), { job: 'shared', dueAt: seconds(tick) }, async () => done.push(tick)),
    );
    await Promise.all(asks);
    // Those whose clocks are behind come when it is done, and when it is over.
    for (const late of [tick, tick - 1]) {
      await runTick(service(), { job: 'shared', dueAt: seconds(late) }, () => assert.fail(`${late} again`));
    }
  }
  assert.deepEqual(
    done,
    Array.from({ length: 20 }, (_, tick) => tick),
  );
});

test('a job that is under way is not begun again by the next time of its schedule', async () => {
  await runTick(service(), { job: 'long', dueAt: seconds(0) }, async () => {
    await runTick(service(), { job: 'long', dueAt: seconds(1) }, () => assert.fail('overlaps itself'));
  });
  let ran = false;
  await runTick(service(), { job: 'long', dueAt: seconds(2) }, async () => {
    ran = true;
  });
  assert.ok(ran);
});

test('a job that failed is done with: its next time comes, and nobody repeats it before', async () => {
  const fails = runTick(service(), { job: 'fails', dueAt: seconds(0) }, () => Promise.reject(new Error('it failed')));
  await assert.rejects(fails, /it failed/);
  assert.deepEqual(await takeOverAbandoned(service(), () => async () => undefined), []);
  let ran = false;
  await runTick(service(), { job: 'fails', dueAt: seconds(1) }, async () => {
    ran = true;
  });
  assert.ok(ran);
});

test('a clock that is far ahead takes no time of the schedule away from the others', async () => {
  const inAYear = new Date(Date.now() + 365 * 86_400_000);
  await assert.rejects(
    runTick(service(), { job: 'ahead', dueAt: inAYear }, () => assert.fail('it is not due')),
    { code: 'ILLEGAL_STATE', message: /this machine's clock.*ahead of the registry's/ },
  );
  let ran = false;
  await runTick(service(), { job: 'ahead', dueAt: new Date() }, async () => {
    ran = true;
  });
  assert.ok(ran);
});

test('a service whose clock is far behind says so instead of doing nothing in silence', async () => {
  const said: string[] = [];
  const log = createLogger('silent');
  log.warn = (_: unknown, text?: string) => void said.push(String(text));
  await runTick(service(), { job: 'behind', dueAt: new Date() }, async () => undefined);
  for (const dueAt of [new Date(Date.now() - 5_000), new Date(Date.now() - 365 * 86_400_000)]) {
    await runTick(service({ log }), { job: 'behind', dueAt }, () => assert.fail('done before'));
  }
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /clock is behind the registry's/);
});

test("when the registry's clock was ahead and is set right, what is due now is done", async () => {
  const inTenYears = new Date(Date.now() + 3_652 * 86_400_000);
  for (const finishedAt of [inTenYears, null]) {
    const job = `ahead, ${finishedAt === null ? 'under way' : 'done'}`;
    await opened.registry.jobTick.create({
      data: { job, dueAt: inTenYears, holder: 'one', leaseUntil: inTenYears, claimedAt: inTenYears, finishedAt },
    });
    const done: string[] = [];
    const dueAt = new Date();
    for (const name of ['first', 'second']) {
      await runTick(service(), { job, dueAt }, async () => done.push(name));
    }
    assert.deepEqual(done, ['first']);
  }
});

test('what a service was killed at is done by one other when its lease is over, and not for ever again', async () => {
  const job = 'killed';
  const dueAt = seconds(0);
  await killAt({ job, dueAt, leaseSeconds: 1 });
  const works: (() => Promise<void>)[] = [];
  let done = 0;
  for (const deadline = Date.now() + deadlineMillis; works.length === 0 && Date.now() < deadline; await sleep(50)) {
    const asked = await Promise.all(
      Array.from({ length: 4 }, () => takeOverAbandoned(service(), () => async () => void done++)),
    );
    works.push(...asked.flat().map(({ run }) => run));
  }
  assert.equal(works.length, 1);
  await works[0]?.();
  assert.equal(done, 1);
  await runTick(service(), { job, dueAt }, () => assert.fail('done before'));

  // A job that kills everyone who begins it.
  await opened.registry.jobTick.update({ where: { job }, data: { finishedAt: null, leaseUntil: dueAt, attempts: 3 } });
  assert.deepEqual(await takeOverAbandoned(service(), () => async () => undefined), []);
  let ran = false;
  await runTick(service(), { job, dueAt: seconds(1) }, async () => {
    ran = true;
  });
  assert.ok(ran);
});

test('a service that stops gives its job back, and another goes on at once', async () => {
  const stop = new AbortController();
  const begun = Promise.withResolvers<void>();
  const stopping = runTick(service({ signal: stop.signal }), { job: 'stops', dueAt: seconds(0) }, async (signal) => {
    begun.resolve();
    await once(signal, 'abort');
  });
  await begun.promise;
  assert.deepEqual(await takeOverAbandoned(service(), () => async () => undefined), []);
  stop.abort();
  await stopping;
  const [taken] = await takeOverAbandoned(service(), (name) => (name === 'stops' ? async () => undefined : undefined));
  assert.equal(taken?.job, 'stops');
  await taken?.run();
});

test('a service that was thought dead is told to stop when another has taken its job', async () => {
  const leaseSeconds = 1;
  const tick = { job: 'slow', dueAt: seconds(0) };
  await runTick(service({ leaseSeconds }), tick, async (signal) => {
    const aborted = once(signal, 'abort');
    await opened.registry.jobTick.update({ where: { job: 'slow' }, data: { leaseUntil: new Date(0) } });
    const taken = await takeOverAbandoned(service(), (name) => (name === 'slow' ? async () => undefined : undefined));
    // A renewal may have come first; then it was not thought dead.
    if (taken.length === 0) return;
    await aborted;
    assert.equal(signal.reason.code, 'LEASE_LOST');
  });
});

async function killAt(work: { readonly job: string; readonly dueAt: Date; readonly leaseSeconds: number }) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'support', 'tick-child.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BILLVAULT_TEST_WORK: JSON.stringify({ ...work, registryUrl: database.url }) },
  });
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended.then(() => assert.fail('it ended by itself'))]);
  child.kill('SIGKILL');
  await ended;
}
