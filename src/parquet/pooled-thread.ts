import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';
import { threadEnvironment } from '../compile-cache.ts';

/** A thread that has answered all and still says nothing to the end of its file has something left to do. */
const endMillis = 5_000;

/** To every thread of a pool: the file is over, let go of all that is its. */
export interface EndFile {
  readonly kind: 'end';
}

/** Its answer; nothing of the file comes after it. */
export interface FileEnded {
  readonly kind: 'ended';
  /** What the thread takes up without a file. */
  readonly heldBytes: number;
}

export interface ThreadMessage {
  readonly kind: string;
}

/** Who has the thread for one file. */
export interface ThreadUser<From> {
  readonly onMessage: (message: From) => void;
  /** What nothing within the thread has caught; it ends. */
  readonly onError: (error: Error) => void;
  readonly onExit: (code: number) => void;
}

export interface ThreadOptions {
  readonly script: URL;
  readonly resourceLimits: ResourceLimits;
}

/** A worker thread that serves one file after another. What it says goes to the user it has then, and to nobody later. */
export class PooledThread<To, From extends ThreadMessage> {
  readonly #worker: Worker;
  #user: ThreadUser<From> | undefined;
  #onEnded: ((heldBytes: number | undefined) => void) | undefined;
  readonly #gone = Promise.withResolvers<void>();
  #isAlive = true;
  #files = 0;
  #fileBytes = 0;

  constructor({ script, resourceLimits }: ThreadOptions) {
    // nothing of ours is a thread's business
    this.#worker = new Worker(script, { resourceLimits, env: threadEnvironment(), execArgv: [] });
    this.#worker.on('message', (message: From | FileEnded) => this.#receive(message));
    this.#worker.on('error', (error) => {
      this.#die();
      this.#user?.onError(error);
    });
    this.#worker.on('exit', (code) => {
      this.#die();
      this.#user?.onExit(code);
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Resolves when it has ended, or is about to. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Files that it was lent for. */
  get files(): number {
    return this.#files;
  }

  lendTo(user: ThreadUser<From>): void {
    this.#user = user;
    this.#files++;
    this.#fileBytes = 0;
    this.#worker.ref();
  }

  /** So many bytes more went through it for this file. Answers all of them. */
  count(bytes: number): number {
    this.#fileBytes += bytes;
    return this.#fileBytes;
  }

  post(message: To, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Takes it from its user. Answers what it holds then, in bytes; undefined where it does not answer as it should. */
  async endFile(): Promise<number | undefined> {
    this.#user = undefined;
    if (!this.#isAlive) return undefined;
    const ended = Promise.withResolvers<number | undefined>();
    this.#onEnded = ended.resolve;
    const timer = setTimeout(() => ended.resolve(undefined), endMillis);
    this.#worker.postMessage({ kind: 'end' } satisfies EndFile);
    const heldBytes = await ended.promise;
    clearTimeout(timer);
    this.#onEnded = undefined;
    return heldBytes;
  }

  /** Lets the process end while the thread waits for its next file. */
  rest(): void {
    this.#worker.unref();
  }

  /** Its user, if it has one, hears no more of it. */
  async terminate(): Promise<void> {
    this.#user = undefined;
    this.#die();
    await this.#worker.terminate();
  }

  #receive(message: From | FileEnded): void {
    if (isFileEnded(message) && this.#onEnded !== undefined) this.#onEnded(message.heldBytes);
    else if (this.#user !== undefined) this.#user.onMessage(message as From);
    // of a file that is over: whatever it is, the thread is not done with it
    else void this.terminate();
  }

  #die(): void {
    this.#isAlive = false;
    this.#gone.resolve();
    this.#onEnded?.(undefined);
  }
}

function isFileEnded(message: ThreadMessage): message is FileEnded {
  return message.kind === 'ended';
}
