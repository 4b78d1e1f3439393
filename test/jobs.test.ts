import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { checkSchedule, startJobs } from '../src/jobs.ts';
import { makeDelivery } from '../src/sandbox/exports/delivery.ts';
import { openScene, type Scene } from './support/scene.ts';

const deadlineMillis = 15_000;
const month = new Date().toISOString().slice(0, 7);

let scene: Scene;
before(async () => {
  scene = await openScene();
});
after(() => scene[Symbol.asyncDispose]());

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + deadlineMillis; Date.now() < deadline; await sleep(50)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error('nothing happened in time');
}

test('an export is looked at by its own schedule, a new delivery is registered, and the jobs end with the signal', async () => {
  const { bucket } = await scene.addClient('acme');
  const base = {
    layout: 'legacy-create-new',
    kind: 'cur-legacy',
    format: 'csv.gz',
    bucket,
    prefix: 'cur',
    name: 'hourly',
    month,
    rows: 10,
    files: 1,
    seed: 's',
  } as const;
  await scene.deliver(bucket, makeDelivery(base));
  const found = await scene.discover('acme', { from: month });
  const exportId = found.exports[0]?.id ?? 0;
  await scene.context.registry.export.update({ where: { id: exportId }, data: { schedule: '* * * * * *' } });
  await scene.deliver(bucket, makeDelivery({ ...base, version: 2 }));

  const stop = new AbortController();
  const jobs = startJobs({ context: scene.context, signal: stop.signal, jitterSeconds: 0, leaseSeconds: 60 });
  const run = await until(async () => {
    const runs = await scene.context.registry.ingestRun.findMany({
      where: { trigger: 'schedule', deliveriesFound: 1 },
    });
    return runs[0];
  });
  assert.equal(run.errorCode, null);
  stop.abort();
  await jobs.settled();
  const overlapping = await scene.query(
    `select a.id from registry.ingest_run a join registry.ingest_run b
       on a.id < b.id and a.export_id = b.export_id and b.started_at < a.finished_at and a.trigger = 'schedule'`,
  );
  assert.deepEqual(overlapping, [], 'a job never overlaps itself');
  const before = await scene.context.registry.ingestRun.count();
  await sleep(1_500);
  assert.equal(await scene.context.registry.ingestRun.count(), before, 'nothing runs after the signal');
});

test('two services on one registry do every time of a schedule once', async () => {
  const [one] = await scene.context.registry.export.findMany();
  assert.equal(one?.schedule, '* * * * * *');
  const stop = new AbortController();
  const begun: { readonly job: string; readonly dueAt: string; readonly service: number }[] = [];
  const services = [0, 1].map((service) => {
    const sink = {
      write(line: string) {
        const entry = JSON.parse(line);
        if (entry.msg === 'due') begun.push({ ...entry, service });
      },
    };
    const context = { ...scene.context, log: pino({ level: 'debug' }, sink) };
    return startJobs({ context, signal: stop.signal, jitterSeconds: 0.5, leaseSeconds: 60 });
  });
  const discoveries = () => begun.filter(({ job }) => job.startsWith('discover acme/'));
  await until(async () => (discoveries().length >= 6 ? true : undefined));
  stop.abort();
  for (const { settled } of services) await settled();
  const due = discoveries().map(({ dueAt }) => dueAt);
  assert.deepEqual(due, [...new Set(due)].sort());
});

test('a schedule that is no cron pattern is refused by its text', () => {
  assert.throws(() => checkSchedule('every monday'), { code: 'BAD_INPUT', message: /every monday/ });
});
