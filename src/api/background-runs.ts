import { AppError, toAppError } from '../errors.ts';
import type { IngestContext } from '../ingest/context.ts';
import { discoverExport } from '../ingest/discover/discover-export.ts';
import { apiActor } from './context.ts';

/** Each holds a listing in memory; a caller that wants more at once waits for some to end. */
const maxRuns = 16;

export interface RunRequest {
  readonly exportId: number;
  readonly from: string | undefined;
}

/** Discoveries that go on after the request that began them was answered; their record is the run in the registry. */
export class BackgroundRuns {
  readonly #context: IngestContext;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();

  constructor(context: IngestContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /**
   * @returns the number of the run, once it has begun
   * @throws AppError NOT_FOUND, BAD_INPUT, THROTTLED when too many go on already
   */
  async start({ exportId, from }: RunRequest): Promise<number> {
    if (this.#running.size >= maxRuns) {
      throw new AppError('THROTTLED', `${maxRuns} discoveries go on already: try again when one has ended`);
    }
    const started = Promise.withResolvers<number>();
    const { resolve: onStarted } = started;
    const request = { exportId, from, trigger: 'api', actor: apiActor, signal: this.#signal, onStarted } as const;
    const running = discoverExport(this.#context, request)
      .then(
        () => undefined,
        (error: unknown) => this.#failed(exportId, error, started.reject),
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return started.promise;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** After the beginning nobody waits for the promise any more; before it, the caller gets the error. */
  #failed(exportId: number, error: unknown, reject: (error: unknown) => void): void {
    reject(error);
    const { code, message } = toAppError(error);
    this.#context.log.warn({ exportId, code, err: message }, 'a discovery asked for over the API failed');
  }
}
