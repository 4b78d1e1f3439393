import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import type { PooledThread } from '../../src/parquet/pooled-thread.ts';
import { poolLimits, ThreadPool } from '../../src/parquet/thread-pool.ts';
import type { Said, Script } from '../support/scripted-thread.ts';
import { ended, isAlive, watchThreads } from '../support/started-threads.ts';

const started = watchThreads();

class ScriptedPool {
  readonly #pool = new ThreadPool<Script, Said>({
    script: new URL('../support/scripted-thread.ts', import.meta.url),
    resourceLimits: {},
  });

  lend(onMessage: (message: Said) => void = () => assert.fail('nothing was asked')): PooledThread<Script, Said> {
    return this.#pool.lend({ onMessage, onError: (error) => assert.fail(error), onExit: () => undefined });
  }

  count(thread: PooledThread<Script, Said>, bytes: number): void {
    this.#pool.count(thread, bytes);
  }

  takeBack(thread: PooledThread<Script, Said>): Promise<void> {
    return this.#pool.takeBack(thread);
  }

  /** Lends a thread, tells it what to do, and takes it back. */
  async serve(...scripts: readonly Script[]): Promise<void> {
    const thread = this.lend();
    for (const script of scripts) thread.post(script);
    await this.takeBack(thread);
  }

  /** The thread that answers now. */
  async ask(): Promise<void> {
    const answered = Promise.withResolvers<Said>();
    const thread = this.lend(answered.resolve);
    thread.post({ kind: 'say', text: 'here' });
    assert.deepEqual(await answered.promise, { kind: 'said', text: 'here' });
    await this.takeBack(thread);
  }
}

/** Runs `work` and answers how many threads it started. */
async function startedBy(work: () => Promise<unknown>): Promise<number> {
  const before = started.length;
  await work();
  return started.length - before;
}

describe('threads that wait for their next file', () => {
  test('one that ended its file serves the next, and its messages go to whom it serves', async () => {
    const pool = new ScriptedPool();
    assert.equal(await startedBy(() => pool.ask()), 1);
    assert.equal(await startedBy(() => pool.ask()), 0);
  });

  test('one that has served its number of files ends, and another takes its place', async () => {
    const pool = new ScriptedPool();
    const count = await startedBy(async () => {
      for (let file = 0; file < poolLimits.filesOfThread; file++) await pool.serve();
    });
    assert.equal(count, 1);
    assert.ok(!isAlive(started.at(-1)));
    assert.equal(await startedBy(() => pool.ask()), 1);
  });

  test('one whose file was big ends with it; of one below that, it stays', async () => {
    const pool = new ScriptedPool();
    for (const over of [0, 1]) {
      const thread = pool.lend();
      pool.count(thread, 1);
      pool.count(thread, poolLimits.fileBytes - 1 + over);
      await pool.takeBack(thread);
      assert.equal(isAlive(started.at(-1)), over === 0);
    }
    assert.equal(await startedBy(() => pool.ask()), 1);
  });

  const endings: Record<string, (big: PooledThread<Script, Said>) => Promise<void>> = {
    'was ended': (big) => big.terminate(),
    'ended by itself': async (big) => {
      const [thread] = started.slice(-1);
      assert.ok(thread);
      big.post({ kind: 'exit' });
      await ended(thread);
    },
  };

  for (const [what, end] of Object.entries(endings)) {
    test(`there are none of any kind beside a big file, and some again after it (its thread ${what})`, async () => {
      const pool = new ScriptedPool();
      const other = new ScriptedPool();
      await pool.ask();
      await other.ask();
      const idle = started.slice(-2);
      const third = new ScriptedPool();
      const big = third.lend();
      third.count(big, poolLimits.fileBytes + 1);
      await Promise.all(idle.map(ended));
      assert.equal(await startedBy(() => pool.ask()), 1);
      assert.equal(await startedBy(() => pool.ask()), 1);
      await end(big);
      await pool.ask();
      assert.equal(await startedBy(() => pool.ask()), 0);
    });
  }

  test('one that holds more than the limit ends with its file; one below it stays', async () => {
    const pool = new ScriptedPool();
    await pool.serve({ kind: 'hold', bytes: poolLimits.idleBytes });
    assert.ok(isAlive(started.at(-1)));
    await pool.serve({ kind: 'hold', bytes: poolLimits.idleBytes + 1 });
    assert.ok(!isAlive(started.at(-1)));
  });

  test('there are as many as the limit says, however many were at work', async () => {
    const pool = new ScriptedPool();
    const atWork = Array.from({ length: poolLimits.idleThreads + 3 }, () => pool.lend());
    await Promise.all(atWork.map((thread) => pool.takeBack(thread)));
    assert.equal(started.slice(-atWork.length).filter(isAlive).length, poolLimits.idleThreads);
  });

  test('one that nobody needs ends after its time, one that is needed again does not', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const pool = new ScriptedPool();
      await pool.ask();
      const [thread] = started.slice(-1);
      assert.ok(thread);
      mock.timers.tick(poolLimits.idleMillis - 1);
      await pool.ask();
      mock.timers.tick(poolLimits.idleMillis - 1);
      assert.equal(await startedBy(() => pool.ask()), 0);
      mock.timers.tick(poolLimits.idleMillis);
      await ended(thread);
      assert.equal(await startedBy(() => pool.ask()), 1);
    } finally {
      mock.timers.reset();
    }
  });
});

describe('threads that serve no other file', () => {
  for (const manner of ['fail', 'answer-and-go-on'] as const) {
    test(`one whose file is not over when it should be (${manner})`, async () => {
      const pool = new ScriptedPool();
      await pool.serve({ kind: 'at-end', manner });
      const [thread] = started.slice(-1);
      assert.ok(thread);
      await ended(thread);
      assert.equal(await startedBy(() => pool.ask()), 1);
    });
  }

  test('one that does not answer to the end of its file', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const pool = new ScriptedPool();
      const serving = pool.serve({ kind: 'at-end', manner: 'say-nothing' });
      mock.timers.tick(60_000);
      await serving;
      assert.ok(!isAlive(started.at(-1)));
      assert.equal(await startedBy(() => pool.ask()), 1);
    } finally {
      mock.timers.reset();
    }
  });

  test('one that ended while it waited', async () => {
    const pool = new ScriptedPool();
    await pool.ask();
    const [thread] = started.slice(-1);
    assert.ok(thread);
    thread.postMessage({ kind: 'exit' } satisfies Script);
    await ended(thread);
    assert.equal(await startedBy(() => pool.ask()), 1);
  });
});
