import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { BackgroundWork } from '../../src/api/background-work.ts';
import { limitParallel } from '../../src/api/limit-parallel.ts';
import { AppError, isAppError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';

const log = createLogger('silent');

test('no more work goes on in the background than is allowed, and what has ended makes room', async () => {
  const work = new BackgroundWork({ what: 'runs', max: 2, log });
  const ends = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const begin = (i: number) =>
    work.start((onStarted) => {
      onStarted(i);
      return ends[i]?.promise ?? Promise.resolve();
    });
  assert.deepEqual([await begin(0), await begin(1)], [0, 1]);
  await assert.rejects(begin(2), (error) => isAppError(error, 'THROTTLED') && /^2 runs go on/.test(error.message));
  ends[0]?.resolve();
  // A failure after the beginning is in the record, and nobody's here.
  ends[1]?.reject(new Error('broken'));
  await work.settled();
  assert.equal(await begin(2), 2);
  ends[2]?.resolve();
  await work.settled();
});

test('work that fails before it has a record tells its caller why, and so does work without any', async () => {
  const work = new BackgroundWork({ what: 'runs', max: 1, log });
  const denied = work.start(() => Promise.reject(new AppError('NOT_FOUND', 'no such source')));
  await assert.rejects(denied, (error) => isAppError(error, 'NOT_FOUND'));
  await work.settled();
  await assert.rejects(
    work.start(() => Promise.resolve()),
    (error) => isAppError(error, 'INTERNAL'),
  );
});

test('a request counts until its work has ended, failed or not', async () => {
  const app = new Hono();
  const entered = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  app.onError((error, c) => c.text(isAppError(error, 'THROTTLED') ? 'busy' : 'failed', 503));
  app.get('/', limitParallel(1), async (c) => {
    entered.resolve();
    await gate.promise;
    return c.text('done');
  });
  const first = app.request('/');
  await entered.promise;
  assert.equal(await (await app.request('/')).text(), 'busy');
  gate.reject(new Error('broken'));
  assert.equal(await (await first).text(), 'failed');
  assert.equal(await (await app.request('/')).text(), 'failed', 'there is room again');
});
