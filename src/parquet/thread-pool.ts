import { PooledThread, type ThreadMessage, type ThreadOptions, type ThreadUser } from './pooled-thread.ts';

export const poolLimits = {
  /** Idle threads of one kind: as many as small files are usually at work at once; each takes some 16 MB. */
  idleThreads: 4,
  /** An idle thread ends after it: long enough for the next of many files, short enough that a quiet service is small. */
  idleMillis: 15_000,
  /** Whatever may gather in a thread over many files does not go on for ever. */
  filesOfThread: 500,
  /**
   * Bytes that go through a thread for one file, both ways. Above it the file is big: a new thread costs little beside its
   * work. Its thread ends with it, because some 60 MB of what it freed stay with the process as long as the thread does; and
   * no thread waits idle meanwhile.
   */
  fileBytes: 4 * 2 ** 20,
  /** Heap and buffers of a thread that waits: a new one has 14 MiB, 32 where its modules had to be compiled. */
  idleBytes: 40 * 2 ** 20,
} as const;

/** Threads of every kind that are at work on a big file. */
const bigThreads = new Set<object>();
const pools: { endIdle(): void }[] = [];

/**
 * Threads of one kind, kept from one file to the next: loading the modules of a new one takes 0.1 s of a processor. Only a
 * thread that has ended its file without any failure comes back; all others end with their file, so that nothing of one
 * client's file can be there when another's comes. Lending never waits: how many are at work is the callers' limit.
 */
export class ThreadPool<To, From extends ThreadMessage> {
  readonly #options: ThreadOptions;
  /** The one used last is last, and lent first. */
  readonly #idle: { readonly thread: PooledThread<To, From>; readonly timer: NodeJS.Timeout }[] = [];

  constructor(options: ThreadOptions) {
    this.#options = options;
    pools.push(this);
  }

  lend(user: ThreadUser<From>): PooledThread<To, From> {
    const thread = this.#takeIdle() ?? new PooledThread<To, From>(this.#options);
    thread.lendTo(user);
    return thread;
  }

  /** To be told of what goes through a thread, both ways. */
  count(thread: PooledThread<To, From>, bytes: number): void {
    if (thread.count(bytes) <= poolLimits.fileBytes || bigThreads.has(thread)) return;
    bigThreads.add(thread);
    void thread.gone.then(() => bigThreads.delete(thread));
    for (const pool of pools) pool.endIdle();
  }

  /** For a thread whose file ended as it should, with nothing under way; its user hears no more of it. */
  async takeBack(thread: PooledThread<To, From>): Promise<void> {
    const heldBytes = bigThreads.has(thread) ? undefined : await thread.endFile();
    if (heldBytes === undefined || !this.#isWorthKeeping(thread, heldBytes)) return thread.terminate();
    thread.rest();
    const timer = setTimeout(() => this.#expire(thread), poolLimits.idleMillis).unref();
    this.#idle.push({ thread, timer });
  }

  endIdle(): void {
    for (const { thread, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      void thread.terminate();
    }
  }

  #takeIdle(): PooledThread<To, From> | undefined {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) {
      clearTimeout(found.timer);
      if (found.thread.isAlive) return found.thread;
    }
    return undefined;
  }

  #isWorthKeeping({ files }: PooledThread<To, From>, heldBytes: number): boolean {
    const { filesOfThread, idleBytes, idleThreads } = poolLimits;
    if (bigThreads.size > 0) return false;
    return files < filesOfThread && heldBytes <= idleBytes && this.#idle.length < idleThreads;
  }

  #expire(thread: PooledThread<To, From>): void {
    const index = this.#idle.findIndex((idle) => idle.thread === thread);
    if (index >= 0) this.#idle.splice(index, 1);
    void thread.terminate();
  }
}
