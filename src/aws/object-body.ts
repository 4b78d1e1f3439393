import type { Readable } from 'node:stream';
import { AppError } from '../errors.ts';
import { type AwsCall, mapAwsError } from './map-error.ts';

export interface BodyWatch {
  readonly call: AwsCall;
  /** Longest wait for the next bytes. A slow consumer is not timed. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How much later than `stallMs`, as a part of it, a stall may be noticed. */
const WATCHDOG_PART = 4;

/** The bytes of a response as they arrive, errors mapped, never waiting longer than `stallMs` for the next. */
export async function* watchedBody(body: Readable, watch: BodyWatch): AsyncGenerator<Uint8Array, void, void> {
  let waitingSince: number | undefined = performance.now();
  const watchdog = setInterval(() => {
    if (waitingSince !== undefined && performance.now() - waitingSince >= watch.stallMs) body.destroy(stalled(watch));
  }, watch.stallMs / WATCHDOG_PART);
  watchdog.unref();
  try {
    for await (const chunk of body) {
      waitingSince = undefined;
      yield chunk;
      waitingSince = performance.now();
    }
  } catch (error) {
    throw mapAwsError(error, watch.call, watch.signal);
  } finally {
    clearInterval(watchdog);
    body.destroy();
  }
}

function stalled({ call, stallMs }: BodyWatch): AppError {
  const what = call.operation === 'get' ? `read s3://${call.bucket}/${call.key}` : call.operation;
  return new AppError('TIMEOUT', `${what}: no bytes arrived for ${stallMs} ms`);
}
