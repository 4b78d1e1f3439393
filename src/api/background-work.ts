import { AppError, toAppError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { toRegistryError } from '../registry/registry-error.ts';

export interface BackgroundWorkOptions {
  /** What it is, in the plural: `discoveries`. */
  readonly what: string;
  /** That go on at the same time; a caller that wants more waits for some to end. */
  readonly max: number;
  readonly log: Logger;
}

/** Does something of which there is a record in the registry; `onStarted` is told the record's number. */
export type Work = (onStarted: (id: number) => void) => Promise<unknown>;

/** What goes on after the request that began it was answered: how it went is in its record. */
export class BackgroundWork {
  readonly #options: BackgroundWorkOptions;
  readonly #running = new Set<Promise<void>>();

  constructor(options: BackgroundWorkOptions) {
    this.#options = options;
  }

  /**
   * @returns the number of the record, once the work has begun
   * @throws AppError THROTTLED when too many go on already; what the work throws before it has begun
   */
  async start(work: Work): Promise<number> {
    const { what, max } = this.#options;
    if (this.#running.size >= max) {
      throw new AppError('THROTTLED', `${max} ${what} go on already: try again when one has ended`);
    }
    const started = Promise.withResolvers<number>();
    const running = work(started.resolve)
      .then(
        () => started.reject(new AppError('INTERNAL', `one of the ${what} ended without a record`)),
        (error: unknown) => this.#failed(error, started.reject),
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return started.promise;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** After the beginning nobody waits for the promise any more; before it, the caller gets the error. */
  #failed(error: unknown, reject: (error: unknown) => void): void {
    reject(error);
    const { code, message } = toAppError(toRegistryError(error));
    const { what, log } = this.#options;
    log.warn({ code, err: message }, `one of the ${what} asked for over the API failed`);
  }
}
