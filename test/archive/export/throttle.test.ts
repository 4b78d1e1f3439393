import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createThrottle, ThrottleClock, throttled, unlimited } from '../../../src/archive/export/throttle.ts';

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begunAt = performance.now();
  await work();
  return (performance.now() - begunAt) / 1_000;
}

test('the source works for us at most the share of the time that it is allowed', async () => {
  const throttle = createThrottle({ rowsPerSecond: null, load: 0.1 });
  const seconds = await secondsOf(async () => {
    for (let i = 0; i < 4; i++) await throttle.after({ rows: 1_000, workedMillis: 10 });
  });
  assert.ok(seconds >= 0.33, `40 ms of work took ${seconds} s`);
});

test('tables that are read at the same time share what their source allows', async () => {
  const clock = new ThrottleClock();
  const seconds = await secondsOf(() =>
    Promise.all(
      Array.from({ length: 4 }, async () => {
        const throttle = createThrottle({ rowsPerSecond: null, load: 0.1 }, clock);
        await throttle.after({ rows: 1_000, workedMillis: 10 });
      }),
    ),
  );
  assert.ok(seconds >= 0.33, `40 ms of work took ${seconds} s`);
});

test('rows come no faster than the limit, whatever little work they are', async () => {
  const throttle = createThrottle({ rowsPerSecond: 10_000, load: null });
  const seconds = await secondsOf(async () => {
    for (let i = 0; i < 4; i++) await throttle.after({ rows: 1_000, workedMillis: 1 });
  });
  assert.ok(seconds >= 0.35, `4,000 rows took ${seconds} s`);
});

test('time that is spent on an upload or a proof is a pause of the source, not its work', async () => {
  let clock = 0;
  const throttle = createThrottle({ rowsPerSecond: null, load: 0.5 }, new ThrottleClock(() => clock));
  clock += 10;
  const owed = await secondsOf(() => throttle.after({ rows: 0, workedMillis: 2 }));
  clock += 60_000;
  const afterwards = await secondsOf(() => throttle.after({ rows: 0, workedMillis: 2 }));
  assert.ok(owed < 1 && afterwards < 1);
});

test('a table that may hardly ask for anything does not hold up the others of its source for longer than four hours', () => {
  let now = 0;
  const clock = new ThrottleClock(() => now);
  for (let i = 0; i < 1_000; i++) {
    now += 20_000;
    // Ten seconds at a thousandth of a core.
    clock.charge(10_000, 10_000_000);
  }
  now += 4 * 3_600_000;
  assert.equal(clock.charge(0, 7), 7);
});

test('a pause that is broken off says why', async () => {
  const lost = new Error('the lock was lost');
  const throttle = createThrottle({ rowsPerSecond: 1, load: null });
  const stop = new AbortController();
  const paused = throttle.after({ rows: 1_000, workedMillis: 0 }, stop.signal);
  stop.abort(lost);
  await assert.rejects(paused, (error) => error === lost);
});

test('without limits nothing waits', async () => {
  const throttle = createThrottle(unlimited);
  assert.ok((await secondsOf(() => throttle.after({ rows: 1_000_000, workedMillis: 60_000 }))) < 1);
});

test('a stop ends the pause at once, and the source with it', async () => {
  const stop = new AbortController();
  let isEnded = false;
  async function* source() {
    try {
      for (;;) yield Buffer.from('a\n'.repeat(1_000));
    } finally {
      isEnded = true;
    }
  }
  const throttle = createThrottle({ rowsPerSecond: 1, load: null });
  const reading = (async () => {
    for await (const _ of throttled(source(), { throttle, signal: stop.signal })) setImmediate(() => stop.abort());
  })();
  await assert.rejects(reading, { name: 'AbortError' });
  assert.ok(isEnded);
});
